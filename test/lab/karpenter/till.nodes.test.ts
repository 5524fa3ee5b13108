// Rehearsals on a lab whose pods wait for nodes: the judge names why the autoscaler was late, each time from what the cluster showed, and
// says nothing where a warm pool was large enough.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addKarpenter } from '../../../src/cli/lab-boot.ts'
import { karpenterTools } from '../../../src/cli/tools.ts'
import type { Judgment } from '../../../src/domain/verdict.ts'
import { buildImages } from '../../../src/lab/images/build.ts'
import { readIndex } from '../../../src/lab/images/image-index.ts'
import { renderImages } from '../../../src/lab/images/render.ts'
import type { KarpenterTools } from '../../../src/lab/karpenter/install.ts'
import type { LabHandle } from '../../../src/lab/lab.ts'
import { applyManifests } from '../../../src/lab/workload/apply.ts'
import { untilReady } from '../../../src/lab/workload/deploy.ts'
import { untilPlugInsServe } from '../../../src/lab/workload/plug-ins.ts'
import { renderManifests } from '../../../src/lab/workload/render.ts'
import { resolveTool } from '../../../src/toolchain/toolchain.ts'
import { causesOf, startRunOn, verdictOf } from '../../support/lab.ts'
import { type Json, type LabBench, labBench, processesOf } from '../support/lab-bench.ts'

const BUILD_MS = 30 * 60_000
/** Tills are allowed 25 s; the run goes on for another 40 s, so that a late node is seen to come. */
const NODE_DELAY = '35s'
const CAUSES = ['pods-pending', 'node-late', 'warm-pool-empty']
const SETTLES = { timeout: 180_000, interval: 500 }

const here = (name: string) => join(import.meta.dirname, name)
const never = new AbortController().signal
let scratch = ''
let bench: LabBench
let lab: LabHandle
let karpenter: KarpenterTools

beforeAll(async () => {
  await resolveTool('karpenter')
  karpenter = await karpenterTools()
  scratch = mkdtempSync(join(tmpdir(), 'md-'))
  bench = await labBench()
  await buildImages({ folder: bench.paths.images, sources: [{ name: 'test/till', entry: here('till-app.ts') }] })
  lab = await bench.up({ nodes: 1 })
  const manifests = await renderManifests(bench.tools.kubectl, here('till.yaml'), [])
  await applyManifests(lab.state.root, renderImages(manifests, readIndex(bench.paths.images)))
  await untilReady(lab.state.root, ['shop'], () => undefined)
  await untilPlugInsServe(lab.state.root)
}, BUILD_MS)

afterAll(async () => {
  await lab?.down()
  if (bench) expect(processesOf(bench.root)).toEqual([])
  bench?.remove()
  rmSync(scratch, { recursive: true, force: true })
})

/** The file is written for the lab at the first place. */
function targetFile(): string {
  const { host, port } = lab.state.ingress
  const path = join(scratch, 'target.yaml')
  const text = readFileSync(here('till.target.yaml'), 'utf8')
  writeFileSync(path, text.replace('http://127.99.0.1:8080', `http://${host}:${port}`))
  return path
}

async function rehearse(): Promise<{ judgment: Judgment; named: readonly string[]; told: string }> {
  const reports = join(scratch, 'reports')
  mkdirSync(reports, { recursive: true })
  const cluster = ['--context', 'lab', '--kubeconfig', bench.paths.kubeconfig, '--target', targetFile()]
  const run = startRunOn({ reports, root: bench.root }, here('till.rehearsal.yaml'), ...cluster, '--quiet')
  const { code, stderr } = await run.ended
  expect([0, 1, 3], stderr).toContain(code)
  const judgment = verdictOf(run)
  const told = judgment.findings.map(({ cause, sentence }) => `${cause}: ${sentence}`).join('\n')
  return { judgment, named: causesOf(judgment).filter((cause) => CAUSES.includes(cause)), told }
}

const items = async (...what: string[]): Promise<Json[]> => (await bench.get(...what)).items
const podsOf = (app: string) => items('pods', '-n', 'shop', '-l', `app=${app}`)
const runningPods = async (app: string) =>
  (await podsOf(app)).filter(
    ({ status, metadata }) => status.phase === 'Running' && metadata.deletionTimestamp === undefined,
  ).length
const newNodes = async () => (await items('nodes', '-l', 'karpenter.sh/nodepool')).length

/** One till, this many warm pods, and no node beyond those that they stand on. */
async function atRest(warm: number): Promise<void> {
  await bench.kubectl('-n', 'shop', 'scale', 'deployment/warm', `--replicas=${warm}`)
  const state = async () => ({
    tills: await runningPods('till'),
    warm: await runningPods('warm'),
    nodes: await newNodes(),
  })
  await expect.poll(state, SETTLES).toEqual({ tills: 1, warm, nodes: warm })
}

describe('tills that wait for a node', () => {
  it('without an autoscaler for nodes are pending', async () => {
    const { judgment, named, told } = await rehearse()
    expect(named, told).toEqual(['pods-pending'])
    expect(told).toMatch(
      /2 pods of till waited for a node, and no new node came: 0\/1 nodes are available: .*Insufficient cpu/,
    )
    expect(judgment.verdict.kind).toBe('fail')
  })

  it('are reported as node-late when the node comes too late', async () => {
    // Tills of the run before that still wait would be given nodes at once.
    await expect.poll(async () => (await podsOf('till')).length, SETTLES).toBe(1)
    await addKarpenter(lab.state, karpenter, NODE_DELAY, never)
    const { named, told } = await rehearse()
    expect(named, told).toEqual(['node-late'])
    expect(told).toMatch(/2 pods of till waited for a node: node lab-\w+ was Ready \d\d\.\d s later/)
  })

  it('are reported as warm-pool-empty when the warm pool is too small', async () => {
    await atRest(1)
    const { named, told } = await rehearse()
    expect(named, told).toEqual(['warm-pool-empty'])
    expect(told).toMatch(
      /1 pod of till waited for a node: the warm pool of 1 pod with a priority below 0 (was used up|had no place left)/,
    )
  })

  it('do not wait where the warm pool has a place for each', async () => {
    await atRest(2)
    const { judgment, named, told } = await rehearse()
    expect(named, told).toEqual([])
    expect(judgment.autoscalers, told).toMatchObject([{ name: 'till', held: true }])
  })
})
