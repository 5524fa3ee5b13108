// The real controller of Argo Rollouts asks the real `matchday judge --serve` about a release, with the AnalysisTemplate of the documentation. The
// action `follow` watches each release. There are no nodes: the Rollout has no pods, and its controller decides all the same.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enactorOf } from '../../src/adapters/kubernetes/actions/enactors.ts'
import { connectKubernetes } from '../../src/adapters/kubernetes/connect.ts'
import { systemClock } from '../../src/cli/clock.ts'
import { noGate } from '../../src/controller/canary.ts'
import type { ActionStepData } from '../../src/domain/evidence.ts'
import { seconds } from '../../src/domain/units.ts'
import { applyManifests } from '../../src/lab/workload/apply.ts'
import { renderManifests } from '../../src/lab/workload/render.ts'
import { resolveAll, resolveTool } from '../../src/toolchain/toolchain.ts'
import { type BareCluster, startBareCluster } from '../lab/support/bare-cluster.ts'
import { actionOf, evidence, toBad } from '../support/evidence.ts'
import { target } from '../support/evidence-rehearsal.ts'
import { type RolloutsController, startRolloutsController } from './controller.ts'
import { documentedTemplate, whileUnderWay } from './documented.ts'
import { type ServedJudge, serveJudge, storeNow } from './judge.ts'
import { REACTION, type RolloutUnderTest, rolloutUnderTest } from './rollout.ts'

// The controller's build takes some minutes on two free cores, if it is needed.
const BUILD_MS = 60 * 60_000
const FOLLOWED = { on: 'nothing', watches: 'shop' } as const
const TOKEN = 'a-secret-of-20-chars'
/** A Rollout that a later verdict moved would go on within a second. */
const STAYS_S = 5

const passed = evidence()
const failed = evidence({ load: (second, load) => second > 95 && second < 120 && toBad(load.login, 9) })
const blind = evidence().filter(({ kind }) => kind !== 'book-read')

let bare: BareCluster
let controller: RolloutsController
let judge: ServedJudge
let reports: string
let shop: RolloutUnderTest

beforeAll(async () => {
  const tool = await resolveTool('rollouts-controller')
  const { kubectl } = await resolveAll(['kubectl'])
  reports = mkdtempSync(join(tmpdir(), 'md-'))
  judge = await serveJudge(reports, TOKEN)
  bare = await startBareCluster({ controllers: true })
  const cluster = { root: bare.root, kubectl: kubectl.path, kubeconfig: bare.paths.kubeconfig }
  controller = await startRolloutsController(cluster, tool, join(bare.root, 'rollouts-controller.log'))
  const own = await renderManifests(kubectl.path, join(import.meta.dirname, 'shop.yaml'), [])
  await applyManifests(bare.root, [...own, documentedTemplate(judge.url)])
  shop = rolloutUnderTest(bare.cluster)
  await shop.untilHealthy()
}, BUILD_MS)

afterAll(async () => {
  await controller?.stop()
  await bare?.stop()
  await judge?.stop()
  if (reports) rmSync(reports, { recursive: true, force: true })
})

describe('Argo Rollouts with matchday as its judge', () => {
  it('refuses to follow a Rollout that is not there', async () => {
    expect(await whyNot('shop')).toBeUndefined()
    expect(await whyNot('shoe')).toMatchObject({
      code: 'object-missing',
      problem: expect.stringContaining('has no /apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/shoe'),
    })
  })

  it('promotes a release whose rehearsal passed', async () => {
    storeNow(reports, passed)
    const steps = await following()
    const own = await shop.release('2')
    await expect.poll(shop.now, REACTION).toMatchObject({ phase: 'Healthy', stable: own })
    expect(await shop.analysis()).toEqual({ phase: 'Successful', answers: ['pass'] })
    await expect.poll(steps, REACTION).toEqual([
      { is: 'begun', targets: [] },
      { is: 'step-set', step: 1, share: 0.25, release: own },
      { is: 'step-decided', step: 1, outcome: 'promote', note: 'Argo Rollouts went on' },
      { is: 'done', note: `promoted: ${own}` },
    ])
  })

  it('aborts a release whose rehearsal failed, and the stable one stays', async () => {
    storeNow(reports, failed)
    const { stable } = await shop.now()
    const steps = await following()
    await shop.release('3')
    await expect.poll(shop.now, REACTION).toMatchObject({ phase: 'Degraded', aborted: true, stable })
    expect(await shop.analysis()).toEqual({ phase: 'Failed', answers: ['fail'] })
    const note = expect.stringContaining('Metric "rehearsal" assessed Failed')
    await expect
      .poll(() => steps().at(-1), REACTION)
      .toEqual({ is: 'step-decided', step: 1, outcome: 'roll-back', reason: 'aborted', note })
  })

  it('pauses a release whose rehearsal is inconclusive, until a person decides', async () => {
    storeNow(reports, blind)
    const steps = await following()
    const own = await shop.release('4')
    const paused = { phase: 'Paused', why: ['InconclusiveAnalysisRun'] }
    await expect.poll(shop.now, REACTION).toMatchObject(paused)
    expect(await shop.analysis()).toEqual({ phase: 'Inconclusive', answers: ['inconclusive'] })
    const note = 'paused until a person decides: InconclusiveAnalysisRun'
    await expect
      .poll(() => steps().at(-1), REACTION)
      .toEqual({ is: 'step-decided', step: 1, outcome: 'hold', reason: 'paused', note })
    // A later verdict does not move it: it waits for a person, not for the judge.
    storeNow(reports, passed)
    for (let looks = 0; looks < STAYS_S; looks++) {
      await sleep(1000)
      expect(await shop.now()).toMatchObject(paused)
    }

    await shop.promote()
    await expect.poll(shop.now, REACTION).toMatchObject({ phase: 'Healthy', stable: own })
    await expect.poll(() => steps().at(-1), REACTION).toEqual({ is: 'done', note: `promoted: ${own}` })
  })

  it('waits for a rehearsal that is under way, with the changes that the documentation names', async () => {
    await shop.ask(whileUnderWay(judge.url))
    const journal = join(reports, storeNow(reports, passed), 'journal.ndjson')
    const whole = readFileSync(journal, 'utf8')
    const lines = whole.trimEnd().split('\n')
    writeFileSync(journal, `${lines.slice(0, -1).join('\n')}\n`)
    const own = await shop.release('5')
    await expect.poll(async () => (await shop.analysis()).answers.length, REACTION).toBeGreaterThan(2)
    expect(await shop.analysis()).toMatchObject({ phase: 'Running', answers: expect.arrayContaining(['running']) })
    expect(await shop.now()).toMatchObject({ phase: 'Progressing' })

    writeFileSync(journal, whole)
    await expect.poll(shop.now, REACTION).toMatchObject({ phase: 'Healthy', stable: own })
    expect((await shop.analysis()).answers.at(-1)).toBe('pass')
  })

  it('pauses when the questions are used up without a pass, also where Argo Rollouts knows no consecutiveSuccessLimit', async () => {
    const { consecutiveSuccessLimit: _, ...older } = whileUnderWay(judge.url)
    await shop.ask({ ...older, count: 3, inconclusiveLimit: 2 })
    storeNow(reports, blind)
    await shop.release('6')
    await expect.poll(shop.now, REACTION).toMatchObject({ phase: 'Paused', why: ['InconclusiveAnalysisRun'] })
    expect((await shop.analysis()).answers).toEqual(['inconclusive', 'inconclusive', 'inconclusive'])
  })

  it('aborts when nobody answers: silence lets no release in', async () => {
    const { stable } = await shop.now()
    await judge.stop()
    await shop.release('7')
    await expect.poll(shop.now, REACTION).toMatchObject({ phase: 'Degraded', aborted: true, stable })
    expect(await shop.analysis()).toMatchObject({ phase: 'Error', answers: [] })
  })
})

async function whyNot(watches: string) {
  const api = await connectKubernetes({ kubeconfig: bare.paths.kubeconfig })
  const change = { on: 'nothing', watches } as const
  const action = actionOf('shop 2', { kind: 'follow', rollout: watches, withinMs: seconds(60) })
  return enactorOf(change).problem({ api, change, action, target: { ...target, namespace: 'shop' } })
}

/** The action `follow` until the release ends: what the journal would get so far. */
async function following(): Promise<() => readonly ActionStepData[]> {
  const api = await connectKubernetes({ kubeconfig: bare.paths.kubeconfig })
  const prepared = await enactorOf(FOLLOWED).prepare({
    ...{ api, clock: systemClock, run: 'run', target: 'lab', targets: [], note: () => 'promoted' },
    change: FOLLOWED,
    settings: { ...target, namespace: 'shop' },
  })
  expect(prepared.undos).toEqual([])
  const steps: ActionStepData[] = []
  void prepared.perform((step) => void steps.push(step), new AbortController().signal, noGate('shop'))
  return () => steps
}
