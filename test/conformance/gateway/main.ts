/**
 * Runs the conformance suite of the Gateway API, profile GATEWAY-HTTP with the features that the ingress claims, against a lab of its own, and
 * writes docs/conformance-gateway.md. Exit code 0: nothing failed; 1: something did. `-- --only HTTPRouteWeight` runs one test and writes
 * nothing. `-- --kubeconfig FILE` takes a cluster that is up and has the images of the suite; `-- --log FILE` keeps the suite's whole output.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { findTools } from '../../../src/cli/tools.ts'
import { SUPPORTED_FEATURES } from '../../../src/lab/ingress/gateway-api/features.ts'
import { FIRST_PLACE, gatewayAddress } from '../../../src/lab/topology/place.ts'
import { TOOL_GROUPS } from '../../../src/toolchain/toolchain.ts'
import { bootForSuite, suiteScratch } from '../lab.ts'
import { suiteImages } from './image.ts'
import { hasFailed, pageOf, reportOf } from './page.ts'

const PAGE = 'docs/conformance-gateway.md'

const { values } = parseArgs({
  options: { only: { type: 'string' }, log: { type: 'string' }, kubeconfig: { type: 'string' } },
})
// The base manifests are some twenty pods.
const NODES = 3

const scratch = suiteScratch()
const report = join(scratch, 'report.yaml')
const suite = await findTools(TOOL_GROUPS['gateway-suite'], new AbortController().signal)
const images = suiteImages(suite['gateway-echo'].path, scratch)
const lab = values.kubeconfig === undefined ? await bootForSuite({ scratch, images, nodes: NODES }) : undefined
try {
  const code = await runSuite(values.kubeconfig ?? lab?.kubeconfig ?? '')
  process.exitCode = code === 0 ? 0 : 1
  if (values.only === undefined && existsSync(report)) {
    const found = reportOf(readFileSync(report, 'utf8'))
    writeFileSync(PAGE, pageOf(found))
    process.exitCode = hasFailed(found) ? 1 : 0
  }
} finally {
  await lab?.down()
  rmSync(scratch, { recursive: true, force: true })
}

/** Shows one line for each test. */
async function runSuite(kubeconfig: string): Promise<number> {
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
    `--usable-address=${gatewayAddress(FIRST_PLACE, 250)}`,
    // Set aside for documentation by RFC 5737: no machine has it.
    '--unusable-address=192.0.2.1',
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
