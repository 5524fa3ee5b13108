// A lab with pods, and load on them: the Rollout asks the run that follows it about its step. Each release gets in, is aborted or is paused by what
// its own pods answered.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClusterClient } from '../../../src/lab/cluster-access/cluster.ts'
import { connect } from '../../../src/lab/cluster-access/connect.ts'
import { buildImages } from '../../../src/lab/images/build.ts'
import { readIndex } from '../../../src/lab/images/image-index.ts'
import { renderImages } from '../../../src/lab/images/render.ts'
import type { LabHandle } from '../../../src/lab/lab.ts'
import { applyManifests } from '../../../src/lab/workload/apply.ts'
import { type Manifest, renderManifests } from '../../../src/lab/workload/render.ts'
import { resolveTool } from '../../../src/toolchain/toolchain.ts'
import { type Json, type LabBench, labBench, processesOf } from '../../lab/support/lab-bench.ts'
import { causesOf, startRunOn, verdictOf } from '../../support/lab.ts'
import { type RolloutsController, startRolloutsController } from '../controller.ts'
import { documentedStep, type Template } from '../documented.ts'
import { serveJudge } from '../judge.ts'
import { type RolloutUnderTest, rolloutUnderTest } from '../rollout.ts'

const BUILD_MS = 60 * 60_000
/** The step of a Rollout names no address. */
const ANYWHERE = 'http://127.0.0.1'
const TOKEN = 'a-secret-of-20-chars'

const here = (name: string) => join(import.meta.dirname, name)
let scratch = ''
let bench: LabBench
let lab: LabHandle
let cluster: ClusterClient
let controller: RolloutsController
let shop: RolloutUnderTest

beforeAll(async () => {
  const tool = await resolveTool('rollouts-controller')
  scratch = mkdtempSync(join(tmpdir(), 'md-'))
  bench = await labBench()
  await buildImages({ folder: bench.paths.images, sources: [{ name: 'test/shop', entry: here('shop-app.ts') }] })
  lab = await bench.up({ nodes: 1 })
  controller = await startRolloutsController(lab.state, tool, join(bench.paths.logs, 'rollouts-controller.log'))
  cluster = connect(bench.root)
  shop = rolloutUnderTest(cluster)
  const own = await renderManifests(bench.tools.kubectl, here('shop.yaml'), [])
  const rollout = renderImages(own.map(withStep), readIndex(bench.paths.images))
  // Without its template the Rollout would be refused.
  await applyManifests(lab.state.root, [...rollout, documentedStep(ANYWHERE).template])
  await shop.untilHealthy()
}, BUILD_MS)

afterAll(async () => {
  cluster?.close()
  await controller?.stop()
  await lab?.down()
  if (bench) expect(processesOf(bench.root)).toEqual([])
  bench?.remove()
  rmSync(scratch, { recursive: true, force: true })
})

describe('a Rollout that asks the run that follows it', () => {
  it('promotes a release that answers as well as the old one', async () => {
    const { fresh, reactions, told } = await released('2')
    expect(await shop.now(), told).toMatchObject({ phase: 'Healthy', stable: fresh })
    const { phase, answers } = await shop.analysis()
    expect({ phase, last: answers.at(-1) }, told).toEqual({ phase: 'Successful', last: 'pass' })
    expect(reactions, told).toEqual([
      ['let-in', 'rollout', true],
      ['serves-share', 'step 1, 25%', true],
    ])
  })

  it('aborts a release that answers with errors, and the old pods serve', async () => {
    const { stable } = await shop.now()
    const { reactions, causes, told } = await released('3', { FAILS_EVERY: '2' })
    expect(await shop.now(), told).toMatchObject({ phase: 'Degraded', aborted: true, stable })
    const { phase, answers } = await shop.analysis()
    expect({ phase, last: answers.at(-1) }, told).toEqual({ phase: 'Failed', last: 'fail' })
    expect(reactions, told).toEqual([
      ['let-in', 'rollout', false],
      ['serves-share', 'step 1, 25%', false],
    ])
    expect(causes, told).toEqual(expect.arrayContaining(['release-aborted', 'canary-worse']))
  })

  it('pauses a release that got too few requests to say', async () => {
    const { stable } = await shop.now()
    const { judgment, causes, told } = await released('4', {}, { from: 100_000, asks: 2 })
    expect(await shop.now(), told).toMatchObject({ phase: 'Paused', stable, why: ['InconclusiveAnalysisRun'] })
    expect(await shop.analysis(), told).toEqual({ phase: 'Inconclusive', answers: ['running', 'running'] })
    expect(judgment.verdict.kind, told).toBe('inconclusive')
    expect(causes, told).toContain('no-evidence')
    expect(told).toContain('paused until a person decides: InconclusiveAnalysisRun')
  })
})

/** A Rollout gets the step of the documentation behind its weight. */
function withStep(manifest: Manifest): Manifest {
  if (manifest.kind !== 'Rollout') return manifest
  const { spec } = manifest as Json
  const { canary } = spec.strategy
  const steps = [...canary.steps, documentedStep(ANYWHERE).step]
  return { ...manifest, spec: { ...spec, strategy: { canary: { ...canary, steps } } } } as Manifest
}

type Asking = { readonly from: number; readonly asks?: number }

/** The files of this folder for this lab, and for a gate that needs `from` requests. */
function filesFor(from: number): { readonly rehearsal: string; readonly target: string } {
  const { host, port } = lab.state.ingress
  const changed = (name: string, changes: Readonly<Record<string, string>>): string => {
    const path = join(scratch, name)
    const text = Object.entries(changes).reduce((was, [one, other]) => was.replace(one, other), readText(here(name)))
    writeFileSync(path, text)
    return path
  }
  return {
    rehearsal: changed('shop.rehearsal.yaml', {
      'from: 20': `from: ${from}`,
      'shopping.ts': relative(scratch, here('shopping.ts')),
    }),
    target: changed('shop.target.yaml', { 'http://127.99.0.1:8080': `http://${host}:${port}` }),
  }
}

const readText = (path: string): string => readFileSync(path, 'utf8')

/** Rehearses, and writes a new pod template once the run follows the Rollout. `asks`: how often the Rollout may hear that it is too early to say. */
async function released(
  version: string,
  variables: Readonly<Record<string, string>> = {},
  { from, asks }: Asking = { from: 20 },
) {
  const { rehearsal, target } = filesFor(from)
  const flags = ['--context', 'lab', '--kubeconfig', bench.paths.kubeconfig, '--target', target, '--quiet']
  const run = startRunOn({ reports: scratch, root: bench.root }, rehearsal, ...flags)
  await run.until((record) => record.kind === 'action-step' && record.step.is === 'begun')
  const judge = await serveJudge(dirname(run.folder()), TOKEN)
  const letIn = async () => {
    const { template } = documentedStep(judge.url)
    await applyManifests(lab.state.root, [asks === undefined ? template : patient(template, asks)])
    return { fresh: await shop.release(version, variables), ...(await run.ended) }
  }
  const { fresh, code, stderr } = await letIn().finally(judge.stop)
  expect([0, 1, 3], stderr).toContain(code)
  const judgment = verdictOf(run)
  const reactions = judgment.actions.flatMap((each) => each.reactions)
  return {
    ...{ fresh, judgment, causes: causesOf(judgment) },
    reactions: reactions.map(({ kind, subject, held }) => [kind, subject, held]),
    told: [judgment.summary, ...reactions, ...judgment.findings]
      .map((each) => (typeof each === 'string' ? each : each.sentence))
      .join('\n'),
  }
}

/** Asked every 2 s, and no more than `asks` times. */
function patient(template: Template, asks: number): Template {
  const [metric] = template.spec.metrics
  return {
    ...template,
    spec: { ...template.spec, metrics: [{ ...metric, interval: '2s', inconclusiveLimit: asks - 1 }] },
  }
}
