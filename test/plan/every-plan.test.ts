/** Plans of the files with every key (test/files/good/keys), against golden files, and their blast radius against every limit. */
import { describe, expect, it } from 'vitest'
import type { Rehearsal, Target } from '../../src/domain/rehearsal.ts'
import type { K6Scenario, ScriptFacts } from '../../src/domain/script.ts'
import type { Timeline } from '../../src/domain/timeline.ts'
import { millis, ratio } from '../../src/domain/units.ts'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { parseTarget } from '../../src/files/target.ts'
import { admitTimeline } from '../../src/plan/blast-radius.ts'
import { planBlock } from '../../src/plan/blocks.ts'
import { describePlan } from '../../src/plan/describe.ts'
import type { Inventory, LivePod } from '../../src/plan/inventory.ts'
import { renderPlan } from '../../src/plan/render.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import type { LiveWorkload } from '../../src/plan/workload.ts'
import { accepted, keyFiles } from '../support/key-files.ts'

const NAMES = ['run', 'faults', 'actions', 'releases'] as const
type Name = (typeof NAMES)[number]
const targetOf = (name: Name): Target =>
  accepted(parseTarget(keyFiles, name === 'actions' ? 'cutover.target.yaml' : 'target.yaml'))
const rehearsalOf = (name: Name): Rehearsal => accepted(parseRehearsal(keyFiles, `${name}.rehearsal.yaml`))
const planned = (rehearsal: Rehearsal, target: Target, facts?: ScriptFacts): Timeline =>
  accepted(planTimeline(rehearsal, target, { run: 'run-1', seed: 7 }, facts))

const ZONES = ['zone-a', 'zone-b', 'zone-c']
const nodes = ZONES.flatMap((zone) =>
  ['api', 'batch'].map((pool) => ({
    metadata: { name: `${zone}-${pool}`, labels: { 'topology.kubernetes.io/zone': zone, 'matchday.dev/pool': pool } },
  })),
)
const pod = (namespace: string, app: string, index: number, owner: string, podPhase = 'Running'): LivePod => ({
  metadata: { namespace, name: `${app}-${index}`, labels: { app }, ownerReferences: [{ kind: owner }] },
  spec: { nodeName: `${ZONES[index % 3]}-${index % 2 === 0 ? 'api' : 'batch'}` },
  status: { phase: podPhase, podIP: `10.0.0.${index}` },
})
const podsOf = (namespace: string, app: string, count: number, owner = 'ReplicaSet'): readonly LivePod[] =>
  Array.from({ length: count }, (_, index) => pod(namespace, app, index, owner))
const workload = (kind: 'Deployment' | 'StatefulSet', name: string, replicas: number): LiveWorkload => ({
  kind,
  metadata: { namespace: 'shop', name },
  spec: { replicas, selector: { matchLabels: { app: name } } },
})
const live: Inventory = {
  nodes,
  pods: [
    ...podsOf('shop', 'shop', 6),
    ...podsOf('shop', 'orders-db', 3, 'StatefulSet'),
    ...podsOf('shop', 'agent', 3, 'DaemonSet'),
    ...podsOf('carriers', 'carrier-a', 2),
    ...podsOf('carriers', 'carrier-b', 2),
    pod('shop', 'migration', 9, 'Job', 'Succeeded'),
  ],
  workloads: [
    workload('Deployment', 'shop', 6),
    workload('Deployment', 'shop-canary', 1),
    workload('StatefulSet', 'orders-db', 3),
  ],
}
const NOW = Date.parse('2026-12-01T09:00:00Z')

describe('the plan of a file with every key', () => {
  it.each(NAMES)('is the golden one: %s', async (name) => {
    const [rehearsal, target] = [rehearsalOf(name), targetOf(name)]
    const timeline = planned(rehearsal, target)
    const admissions = admitTimeline(timeline, rehearsal, target, live)
    const shown = renderPlan(describePlan({ rehearsal, target, timeline, admissions, at: NOW }))
    await expect(shown).toMatchFileSnapshot(`golden/every-plan/${name}.txt`)
    const { load, ...others } = timeline
    await expect(`${JSON.stringify(others, undefined, 1)}\n`).toMatchFileSnapshot(`golden/every-plan/${name}.json`)
    await expect(`${JSON.stringify(load)}\n`).toMatchFileSnapshot(`golden/every-plan/${name}-load.json`)
  })

  // The plan is written into the journal, and printed as JSON: a field that is there and undefined would be gone.
  it.each(NAMES)('is JSON: %s', (name) => {
    const [rehearsal, target] = [rehearsalOf(name), targetOf(name)]
    const timeline = planned(rehearsal, target)
    const admissions = admitTimeline(timeline, rehearsal, target, live)
    const description = describePlan({ rehearsal, target, timeline, admissions, at: NOW })
    for (const value of [timeline, description]) expect(JSON.parse(JSON.stringify(value))).toStrictEqual(value)
    const unasked = describePlan({ rehearsal, target, timeline, at: NOW })
    expect(JSON.parse(JSON.stringify(unasked))).toStrictEqual(unasked)
  })
})

describe('the blast radius of every harm', () => {
  const limits: readonly (readonly [string, Rehearsal['blastRadius']['pods'], number])[] = [
    ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16].map((of) => [`${of} pods, 3 zones`, { kind: 'count', of }, 3] as const),
    ...[0, 1].map((zones) => [`16 pods, ${zones} zones`, { kind: 'count', of: 16 }, zones] as const),
    ...[0.25, 0.5, 1].map((of) => [`${100 * of} % of the pods, 3 zones`, { kind: 'share', of: ratio(of) }, 3] as const),
  ]

  it.each(['faults', 'actions', 'releases'] as const)('is held against every limit: %s', async (name) => {
    const [rehearsal, target] = [rehearsalOf(name), targetOf(name)]
    const timeline = planned(rehearsal, target)
    const said = (pods: Rehearsal['blastRadius']['pods'], zones: number, namespaces: readonly string[]) => {
      const blastRadius = {
        ...rehearsal.blastRadius,
        pods,
        zones,
        namespaces: namespaces as typeof rehearsal.blastRadius.namespaces,
      }
      const admitted = admitTimeline(timeline, { ...rehearsal, blastRadius }, target, live)
      return [...admitted].map(([harm, { ok, note, problems }]) =>
        [
          `  ${harm}: ${ok ? 'admitted' : 'refused'}, ${note}`,
          ...problems.map(({ code, problem }) => `    ${code} ${problem}`),
        ].join('\n'),
      )
    }
    const { namespaces } = rehearsal.blastRadius
    const rows = limits.flatMap(([title, pods, zones]) => [`## ${title}`, ...said(pods, zones, namespaces)])
    const elsewhere = ['## a blast radius without shop', ...said({ kind: 'count', of: 16 }, 3, ['carriers'])]
    await expect([...rows, ...elsewhere, ''].join('\n')).toMatchFileSnapshot(`golden/every-plan/${name}-limits.md`)
  })

  it.each(['faults', 'actions', 'releases'] as const)('is empty where nothing lives: %s', async (name) => {
    const [rehearsal, target] = [rehearsalOf(name), targetOf(name)]
    const admitted = admitTimeline(planned(rehearsal, target), rehearsal, target, { nodes: [], pods: [] })
    await expect(`${JSON.stringify([...admitted], undefined, 1)}\n`).toMatchFileSnapshot(
      `golden/every-plan/${name}-nothing.json`,
    )
  })
})

/** Scenarios as k6 prints them, of every executor, with and without each field. */
const SCENARIOS: Readonly<Record<string, K6Scenario>> = {
  'constant rate': {
    executor: 'constant-arrival-rate',
    rate: 20,
    timeUnit: '1s',
    duration: '40s',
    preAllocatedVUs: 5,
    maxVUs: 9,
  },
  'constant rate per minute': {
    executor: 'constant-arrival-rate',
    rate: 90,
    timeUnit: '1m',
    duration: '1m30s',
    startTime: '5s',
    preAllocatedVUs: 2,
  },
  'constant rate to the end': {
    executor: 'constant-arrival-rate',
    rate: 3,
    duration: '4m',
    gracefulStop: '7s',
    exec: 'visit',
  },
  'ramping rate': {
    executor: 'ramping-arrival-rate',
    startRate: 60,
    timeUnit: '1m',
    stages: [
      { duration: '10s', target: 600 },
      { duration: '0s', target: 120 },
      { duration: '20s', target: 0 },
    ],
    preAllocatedVUs: 5,
    maxVUs: 50,
  },
  'ramping rate from nothing': {
    executor: 'ramping-arrival-rate',
    stages: [{ duration: '30s', target: 4 }],
    startTime: '50s',
  },
  'constant VUs': { executor: 'constant-vus', vus: 7, duration: '45s', gracefulStop: '1s' },
  'constant VUs, one': { executor: 'constant-vus', duration: '4m' },
  'ramping VUs': {
    executor: 'ramping-vus',
    startVUs: 2,
    stages: [
      { duration: '15s', target: 12 },
      { duration: '500ms', target: 3 },
    ],
  },
  'ramping VUs late': { executor: 'ramping-vus', stages: [{ duration: '15s', target: 5 }], startTime: '100s' },
  'shared iterations': { executor: 'shared-iterations', vus: 3, iterations: 40, maxDuration: '30s' },
  'iterations of each VU': { executor: 'per-vu-iterations', vus: 1200, iterations: 5000, startTime: '80s' },
  'one iteration': { executor: 'shared-iterations' },
}

describe('every scenario of a script', () => {
  const phase = (name: string, rampS: number, forS: number, factor: number) => ({
    name,
    rampMs: millis(rampS * 1000),
    forMs: millis(forS * 1000),
    factor,
    at: { file: 'x', line: 1, column: 1 },
  })
  const FRAMES = {
    'as it is': [[phase('all', 0, 90, 1)], 1],
    'doubled by the target': [[phase('all', 0, 90, 1)], 2],
    'half by the target': [[phase('all', 0, 90, 1)], 0.5],
    'in phases': [[phase('low', 5, 20, 1), phase('high', 10, 30, 2.5), phase('none', 0, 10, 0)], 1],
    'cut short': [[phase('short', 0, 20, 1)], 1],
  } as const

  it.each(Object.entries(FRAMES))('is scaled as in the golden file: %s', async (frame, [phases, loadFactor]) => {
    const base = rehearsalOf('faults')
    const target = { ...targetOf('faults'), loadFactor }
    const rows = Object.entries({
      ...Object.fromEntries(Object.entries(SCENARIOS).map(([name, each]) => [name, { [name]: each }])),
      all: SCENARIOS,
    })
    const said = rows.map(([title, scenarios]) => {
      const facts = { usesLibrary: false, functions: [], scenarios, thresholds: [], bundled: false }
      const rehearsal = {
        ...base,
        faults: [],
        slos: base.slos.slice(0, 0),
        guardrails: [],
        phases,
        load: { script: 'x.ts', arrivals: {}, own: true, at: base.load.at },
      } as unknown as Rehearsal
      const { load } = planned(rehearsal, target, facts)
      const shared = planned(rehearsal, { ...target, load: { ...RUNNERS, at: base.load.at } }, facts).load
      const stages = load.profiles.map(
        ({ name, stages: all }) =>
          `  ${name} ${all.map(({ durationMs, from, to }) => `${durationMs}ms ${from}→${to}`).join(', ')}`,
      )
      const outside = load.outside
      return [
        `## ${title}`,
        ...(outside?.shown ?? []).flatMap(({ model, sentence, warnings }) => [`  ${model} ${sentence}`, ...warnings]),
        ...stages,
        `  ends ${outside?.endsMs} drains ${outside?.drainMs}`,
        ...Object.entries(outside?.scenarios ?? {}).map(([name, each]) => `  ${name} ${JSON.stringify(each)}`),
        ...Object.entries(shared.outside?.scenarios ?? {}).map(
          ([name, each]) => `  shared ${name} ${each.preAllocatedVUs} ${each.maxVUs}`,
        ),
      ].join('\n')
    })
    await expect(`${said.join('\n')}\n`).toMatchFileSnapshot(
      `golden/every-plan/scenarios-${frame.replaceAll(' ', '-')}.md`,
    )
  })
})

const RUNNERS = { runners: 3, namespace: 'load', image: 'k6', relayImage: 'node', cpu: '1', memory: '1Gi' }

describe('a block of load', () => {
  const wanted = {
    block: 'b1',
    of: 'a',
    run: 'run-1',
    seed: 7,
    factor: 2,
    settleMs: millis(5000),
    measuredMs: millis(20_000),
  }
  it.each([
    ['plain', {}],
    ['of a pair', { pair: 3 }],
    ['with a ramp', { rampMs: millis(2000) }],
    ['after another load', { before: { factor: 5, forMs: millis(3000) } }],
    ['after another load, with a ramp', { before: { factor: 5, forMs: millis(3000) }, rampMs: millis(1000) }],
    ['elsewhere', { entry: 'http://elsewhere' }],
  ])('is the golden one: %s', async (title, more) => {
    const block = planBlock(rehearsalOf('run'), targetOf('run'), { ...wanted, ...more })
    expect(JSON.parse(JSON.stringify(block))).toStrictEqual(block)
    await expect(`${JSON.stringify(block, undefined, 1)}\n`).toMatchFileSnapshot(
      `golden/every-plan/block-${title.replace(/\W+/g, '-')}.json`,
    )
  })
})
