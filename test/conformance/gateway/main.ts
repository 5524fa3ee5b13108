/**
 * Runs the conformance suite of the Gateway API against a lab of its own, profile GATEWAY-HTTP with the features that the ingress claims, and
 * writes docs/conformance-gateway.md. `-- --only HTTPRouteWeight` runs one test and writes nothing. Exit code 0: nothing failed; 1: something did.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { findTools, labTools } from '../../../src/cli/tools.ts'
import { buildImages } from '../../../src/lab/images/build.ts'
import { SUPPORTED_FEATURES } from '../../../src/lab/ingress/gateway-api/features.ts'
import { type LabHandle, labPaths, labUp } from '../../../src/lab/lab.ts'
import { TOOL_GROUPS } from '../../../src/toolchain/toolchain.ts'
import { suiteImages } from './image.ts'
import { hasFailed, pageOf, reportOf } from './page.ts'

const PAGE = 'docs/conformance-gateway.md'
// The base manifests are some twenty pods.
const NODES = 3

const { values } = parseArgs({ options: { only: { type: 'string' }, log: { type: 'string' } } })
const { signal } = new AbortController()
const scratch = mkdtempSync(join(tmpdir(), 'md-'))
// Pods of a root caller run as somebody else, who must get to their images.
chmodSync(scratch, 0o755)
const root = join(scratch, 'l')
const report = join(scratch, 'report.yaml')

const suite = await findTools(TOOL_GROUPS['gateway-suite'], signal)
const tools = await labTools(signal)
const echo = suite['gateway-echo'].path
await buildImages({ folder: labPaths(root).images, sources: [], ready: suiteImages(echo, scratch) })
const lab = await labUp({ root, tools, nodes: NODES })
process.exitCode = 1
try {
  const code = await runSuite(lab)
  if (values.only === undefined && existsSync(report)) {
    const found = reportOf(readFileSync(report, 'utf8'))
    writeFileSync(PAGE, pageOf(found))
    process.exitCode = hasFailed(found) ? 1 : 0
  } else process.exitCode = code
} finally {
  await lab.down()
  rmSync(scratch, { recursive: true, force: true })
}

/** Shows one line for each test. With --log the suite's whole output goes to that file. */
async function runSuite({ kubeconfig }: LabHandle): Promise<number> {
  const parameters = [
    '-test.v',
    '-test.timeout=30m',
    '--gateway-class=matchday',
    '--conformance-profiles=GATEWAY-HTTP',
    `--supported-features=${SUPPORTED_FEATURES.join(',')}`,
    '--organization=matchday',
    '--project=matchday-lab',
    '--url=https://matchday.dev',
    '--version=0.1.0',
    '--contact=matchday',
    `--report-output=${report}`,
    '--cleanup-base-resources=false',
    ...(values.only === undefined ? [] : [`--run-test=${values.only}`]),
  ]
  const child = spawn(suite['gateway-conformance'].path, parameters, {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const log = values.log === undefined ? undefined : createWriteStream(values.log)
  createInterface({ input: child.stdout }).on('line', (line) => {
    log?.write(`${line}\n`)
    if (/^ *--- |^(PASS|FAIL)/.test(line)) console.log(line)
  })
  const [code] = await once(child, 'close')
  return typeof code === 'number' ? code : 1
}
