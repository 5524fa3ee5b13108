/** What pods, nodes and images show of releases, waits for nodes, witnesses and workloads, to the millisecond. */
import { describe, expect } from 'vitest'
import type { PodSeen } from '../../src/domain/cluster.ts'
import type { ActionStepData, Evidence } from '../../src/domain/evidence.ts'
import type { Witness } from '../../src/domain/rehearsal.ts'
import { seconds } from '../../src/domain/units.ts'
import { judgeImages } from '../../src/judge/causes/images.ts'
import { waitedForNodes } from '../../src/judge/cluster/node-waits.ts'
import { notReadyAgain, testifyReady } from '../../src/judge/faults/ready-witness.ts'
import { judgeRelease } from '../../src/judge/reactions/release.ts'
import { podCounts } from '../../src/judge/seen/workload-pods.ts'
import { actionOf, place as at, named, node, podLife, rehearsal, seen } from '../support/evidence.ts'
import { type ImageStory, idOf, imagePod, machines, nextImage, presentPod } from '../support/evidence-images.ts'
import { releaseAct } from '../support/evidence-release.ts'
import { it, noted } from '../support/reviewed.ts'
import { actionIn, atMs, harmOf, type SmallRun, seenIn } from '../support/small-run.ts'

type Step = readonly [ms: number, ActionStepData]

describe('a release', () => {
  /** A pod that is born, Ready and gone at these seconds. */
  const pod = (
    name: string,
    story: ImageStory,
    born: number,
    ready: number,
    gone?: number,
    change: Partial<PodSeen> = {},
  ): readonly Evidence[] => [
    seen(born, imagePod(name, { ...story, id: undefined }, { ready: false, podPhase: 'Pending', ...change }), 'added'),
    seen(ready, imagePod(name, story, change)),
    ...(gone === undefined
      ? []
      : [
          seen(
            gone,
            imagePod(name, story, { deleting: true, ready: false, podPhase: 'Succeeded', ...change }),
            'deleted',
          ),
        ]),
  ]
  const old = (gone: number) => [...pod('old-1', {}, -9, -8, gone), ...pod('old-2', {}, -9, -8, gone)]
  const fresh = (ready: number, gone?: number, stories: readonly [ImageStory, ImageStory] = [nextImage, nextImage]) => [
    ...pod('new-1', stories[0], 41, ready, gone),
    ...pod('new-2', stories[1], 41, ready, gone),
  ]
  const back = (ready: number, story: ImageStory = {}) => [
    ...pod('back-1', story, 81, ready),
    ...pod('back-2', story, 81, ready),
  ]
  const begun: Step = [40_000, { is: 'begun', targets: [] }]
  const done: Step = [75_000, { is: 'done', note: '' }]
  const heal = (ms = 80_000): Step => [ms, { is: 'heal-requested' }]
  const judged = (
    records: readonly (readonly Evidence[])[],
    steps: readonly Step[] = [done, heal()],
    run: SmallRun = {},
    act = releaseAct(),
  ) => {
    const { seen: facts, harm } = actionIn(actionOf('gateway 2', act), [begun, ...steps], run, [
      ...machines,
      ...records.flat(),
    ])
    return noted(judgeRelease(facts, harm)).map(
      ({ result, findings }) =>
        findings.map(({ weight, cause }) => `${weight} ${cause}`).join(', ') || (result.held ? 'held' : 'not held'),
    )
  }
  const out = (...args: Parameters<typeof judged>) => judged(...args)[0]
  const again = (...args: Parameters<typeof judged>) => judged(...args)[1]

  it.each<[string, () => string | undefined, string]>([
    ['that is Ready in time', () => out([old(50), fresh(70)]), 'held'],
    ['that is Ready too late', () => out([old(50), fresh(70.001)]), 'breach rollout-stuck'],
    ['whose old pods are gone in time', () => out([old(70), fresh(50)]), 'held'],
    ['whose old pods are gone too late', () => out([old(70.001), fresh(50)]), 'breach rollout-stuck'],
    ['of which one pod is never Ready', () => out([old(50), pod('new-1', nextImage, 41, 50)]), 'gap no-evidence'],
    [
      'of which one pod is never Ready, and which is not done',
      () => out([old(50), pod('new-1', nextImage, 41, 50)], [heal()]),
      'breach rollout-stuck',
    ],
    [
      'that had less than its time',
      () => out([old(50), pod('new-1', nextImage, 41, 50)], [heal(69_999)]),
      'gap no-evidence',
    ],
    [
      'that had just its time',
      () => out([old(50), pod('new-1', nextImage, 41, 50)], [heal(70_000)]),
      'breach rollout-stuck',
    ],
    [
      'that failed',
      () => out([old(50)], [[42_000, { is: 'failed', problem: 'x' }], heal(60_000)]),
      'breach rollout-stuck',
    ],
    [
      'of two images',
      () => out([old(50), fresh(60, undefined, [nextImage, { ...nextImage, id: idOf('c') }])]),
      'breach mixed-images',
    ],
    [
      'of the image before',
      () =>
        out([
          old(50),
          fresh(60, undefined, [
            { ...nextImage, id: idOf('a') },
            { ...nextImage, id: idOf('a') },
          ]),
        ]),
      'gap no-evidence',
    ],
    [
      'of an image that was not seen',
      () =>
        out([
          old(50),
          fresh(60, undefined, [
            { ...nextImage, id: undefined },
            { ...nextImage, id: undefined },
          ]),
        ]),
      'gap no-evidence',
    ],
    [
      'of the same name',
      () =>
        out(
          [old(50), fresh(60, undefined, [{ hash: 'two' }, { hash: 'two' }])],
          [done, heal()],
          {},
          releaseAct({ images: { app: 'registry.example/gateway:1' } }),
        ),
      'held',
    ],
    ['without pods before', () => out([fresh(60)]), 'gap no-evidence'],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))

  it.each<[string, () => string | undefined, string]>([
    ['in time', () => again([old(50), fresh(60, 90), back(100)]), 'held'],
    ['too late', () => again([old(50), fresh(60, 90), back(100.001)]), 'breach rollback-late'],
    [
      'too late, because the new pods stay',
      () => again([old(50), fresh(60, 100.001), back(90)]),
      'breach rollback-late',
    ],
    [
      'with another image',
      () => again([old(50), fresh(60, 90), back(95, { id: idOf('c') })]),
      'breach rollback-missing',
    ],
    ['never', () => again([old(50), fresh(60)]), 'breach rollback-late'],
    [
      'never, in a run that ends before',
      () => again([old(50), fresh(60)], [done, heal()], { until: 99_999 }),
      'gap no-evidence',
    ],
    [
      'never, in a run that ends as its time does',
      () => again([old(50), fresh(60)], [done, heal()], { until: 100_000 }),
      'breach rollback-late',
    ],
    [
      'never, although it was done',
      () => again([old(50), fresh(60)], [done, heal(), [95_000, { is: 'healed' }]]),
      'gap no-evidence',
    ],
    ['not asked for', () => again([old(50), fresh(60)], [done]), 'gap no-evidence'],
  ])('is taken back %s', (_, is, expected) => expect(is()).toBe(expected))
})

describe('pods that waited for a node', () => {
  const [expected] = rehearsal.expectations.filter((each) => each.kind === 'autoscaler')
  if (expected === undefined) throw new Error('the stock rehearsal has an autoscaler')
  const name = 'payments-api'
  const hpa = seen(-1, {
    resource: 'HorizontalPodAutoscaler',
    ...named(name),
    of: name,
    min: 2,
    max: 6,
    current: 2,
    desired: 2,
    metrics: [],
    conditions: [],
  })
  const base: PodSeen = {
    resource: 'Pod',
    ...named('api-9'),
    app: name,
    labels: {},
    podPhase: 'Pending',
    ready: false,
    deleting: false,
    restarts: 0,
  }
  type Life = { readonly waits?: number; readonly placed?: number; readonly ready?: number; readonly ends?: number }
  const pod = ({ waits = 31, placed, ready, ends }: Life): readonly Evidence[] => [
    seen(Math.min(29, waits), base, 'added'),
    seen(waits, { ...base, unschedulable: '0/6 nodes are available: 6 Insufficient cpu. No preemption.' }),
    ...(placed === undefined ? [] : [seen(placed, { ...base, node: 'new' })]),
    ...(ready === undefined ? [] : [seen(ready, { ...base, node: 'new', podPhase: 'Running', ready: true })]),
    ...(ends === undefined ? [] : [seen(ends, { ...base, deleting: true })]),
  ]
  const warm = (id: string, ends?: number, born = -5, placed = born + 1): readonly Evidence[] => {
    const own: PodSeen = { ...base, ...named(id), app: 'warm', priority: -10 }
    return [
      seen(born, own, 'added'),
      seen(placed, { ...own, node: 'n', podPhase: 'Running' }),
      ...(ends === undefined ? [] : [seen(ends, { ...own, node: 'n', deleting: true })]),
    ]
  }
  // More pods were called for at 30 s, and had to be Ready by 60 s.
  const judged = (...records: readonly (readonly Evidence[])[]) =>
    noted(waitedForNodes(seenIn([hpa, ...records.flat()]), expected, { at: atMs(30_000), line: 1 } as never)).map(
      ({ cause, evidence: lines }) => `${cause} ${lines.length}`,
    )
  const came = (born: number, ready?: number) => [
    node(born, 'new', 'api', false),
    ...(ready === undefined ? [] : [node(ready, 'new')]),
  ]

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['and found none', () => judged(pod({})), ['pods-pending 1']],
    ['until their time was over', () => judged(pod({ waits: 60 })), ['pods-pending 1']],
    ['later', () => judged(pod({ waits: 60.001 })), []],
    ['and had one by then', () => judged(pod({ waits: 20, placed: 30 })), []],
    ['and had one a moment later', () => judged(pod({ waits: 20, placed: 30.001 })), ['pods-pending 1']],
    ['and were Ready in time', () => judged(pod({ placed: 40, ready: 60 })), []],
    ['and were Ready too late', () => judged(pod({ placed: 40, ready: 60.001 })), ['pods-pending 1']],
    ['and were deleted in their time', () => judged(pod({ ends: 60 })), []],
    ['and were deleted later', () => judged(pod({ ends: 60.001 })), ['pods-pending 1']],
    ['while a node came', () => judged(pod({}), came(31.001)), ['node-late 2']],
    ['while a node became Ready', () => judged(pod({}), came(20, 31.001)), ['node-late 3']],
    ['after a node became Ready', () => judged(pod({}), came(20, 31)), ['pods-pending 1']],
    ['while no more of the warm pool was there', () => judged(pod({}), warm('w', 30.5)), ['warm-pool-empty 2']],
    ['as the last of the warm pool went', () => judged(pod({}), warm('w', 31)), ['warm-pool-empty 2']],
    ['until the last of the warm pool went', () => judged(pod({}), warm('w', 60)), ['warm-pool-empty 2']],
    ['before the last of the warm pool went', () => judged(pod({}), warm('w', 60.001)), ['pods-pending 1']],
    ['while one of the warm pool stays', () => judged(pod({}), warm('w', 31), warm('v')), ['pods-pending 1']],
    ['beside a warm pool that was used up before', () => judged(pod({}), warm('w', 30)), ['pods-pending 1']],
    ['beside a warm pool that came later', () => judged(pod({}), warm('w', 31, 30.001)), ['pods-pending 1']],
    [
      'beside a warm pool that had no place itself',
      () => judged(pod({}), warm('w', undefined, -5, 61)),
      ['warm-pool-empty 1'],
    ],
  ])('%s', (_, is, expected_) => expect(is()).toEqual(expected_))

  it('are none where the autoscaler is not known', () => {
    expect(noted(waitedForNodes(seenIn(pod({})), expected, { at: atMs(30_000), line: 1 } as never))).toEqual([])
  })
})

describe('a witness of readiness', () => {
  const witness: Extract<Witness, { kind: 'ready' }> = {
    kind: 'ready',
    what: 'pods',
    app: 'bets',
    becomes: 1,
    withinMs: seconds(5),
    at,
  }
  const bets = (n: number, unready?: number, again?: number) =>
    podLife({
      name: `bets-${n}`,
      app: 'bets',
      node: 'zone-a-api',
      born: -5,
      ready: -4,
      ...(unready === undefined ? {} : { unready }),
      ...(again === undefined ? {} : { again }),
    })
  const says = (...pods: readonly (readonly Evidence[])[]) => {
    const { proven, before, during, sentence } = noted(testifyReady(seenIn(pods.flat()), witness, harmOf()))
    return `${proven ? 'proven' : 'not proven'} ${before} ${during}: ${sentence}`
  }
  it.each<[string, () => string, string]>([
    [
      'that falls as far as it must',
      () => says(bets(1), bets(2, 66)),
      'proven 2 1: Ready pods of bets fell from 2 to 1 within 500 ms.',
    ],
    [
      'that falls further',
      () => says(bets(1, 66), bets(2, 66)),
      'proven 2 0: Ready pods of bets fell from 2 to 0 within 500 ms.',
    ],
    [
      'that falls at once',
      () => says(bets(1), bets(2, 65.2)),
      'proven 2 1: Ready pods of bets fell from 2 to 1 at once.',
    ],
    [
      'that falls in time',
      () => says(bets(1), bets(2, 70.5)),
      'proven 2 1: Ready pods of bets fell from 2 to 1 within 5.0 s.',
    ],
    [
      'that falls too late',
      () => says(bets(1), bets(2, 70.501)),
      'not proven 2 1: Ready pods of bets fell to 1 after 5.0 s, later than 5.0 s.',
    ],
    [
      'that does not fall far enough',
      () => says(bets(1), bets(2), bets(3, 66)),
      'not proven 3 2: Ready pods of bets never fell to 1 (before: 3, least: 2).',
    ],
    [
      'that had fallen before',
      () => says(bets(1), bets(2, 65)),
      'not proven 1 undefined: Ready pods of bets were 1 before the fault already, so that their number would prove nothing.',
    ],
    [
      'that falls after the fault',
      () => says(bets(1), bets(2, 90.001)),
      'not proven 2 2: Ready pods of bets never fell to 1 (before: 2, least: 2).',
    ],
    [
      'that falls as the fault ends',
      () => says(bets(1), bets(2, 90)),
      'not proven 2 1: Ready pods of bets fell to 1 after 24.5 s, later than 5.0 s.',
    ],
    [
      'that was never seen',
      () => says(),
      'not proven undefined undefined: Ready pods of bets were never seen before the fault.',
    ],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))

  const again = (of: typeof witness, pods: readonly Evidence[], until = 160_000) =>
    notReadyAgain(seenIn(pods, { until }), of, harmOf(), atMs(91_000))
  const nodes_ = (...ready: readonly number[]) =>
    ready.flatMap((second, n) => [node(-2, 'a', `p${n}`), node(66, 'a', `p${n}`, false), node(second, 'a', `p${n}`)])
  const ofNodes = { ...witness, what: 'nodes', zone: 'a' } as const
  const { app: _app, ...ofZone } = ofNodes
  it.each<[string, () => string | undefined, string | undefined]>([
    [
      'one more than the fault left',
      () => again(witness, [...bets(1), ...bets(2, 66, 120), ...bets(3, 66)]),
      undefined,
    ],
    [
      'none more',
      () => again(witness, [...bets(1), ...bets(2, 66), ...bets(3, 66)]),
      'Ready pods of bets: 1 of 3 those before in the 69.0 s of load after healing.',
    ],
    ['just as the run ends', () => again(witness, [...bets(1), ...bets(2, 66, 120)], 120_000), undefined],
    [
      'after the run',
      () => again(witness, [...bets(1), ...bets(2, 66, 120.001)], 120_000),
      'Ready pods of bets: 1 of 2 those before in the 29.0 s of load after healing.',
    ],
    ['all nodes', () => again(ofZone, nodes_(100, 110)), undefined],
    [
      'one of two nodes',
      () => again(ofZone, nodes_(100, 161)),
      'Ready nodes in zone a: 1 of 2 those before in the 69.0 s of load after healing.',
    ],
  ])('is back with %s', (_, is, expected) => expect(is()).toBe(expected))
})

describe('images of a workload', () => {
  const found = (records: readonly (readonly Evidence[] | Evidence)[], until = 160_000) =>
    noted(judgeImages(seenIn([...machines, ...records.flat()], { until, rehearsal: { faults: [] } }))).map(
      ({ weight, cause }) => `${weight} ${cause}`,
    )
  const two = [presentPod('gateway-1'), presentPod('gateway-2', nextImage)]
  const changed = (second: number) => [
    presentPod('gateway-1'),
    seen(second, imagePod('gateway-1', { hash: 'two', image: 'registry.example/gateway:2', id: idOf('b') })),
  ]
  const gone = (second: number) => seen(second, imagePod('gateway-3', {}, { deleting: true }))

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['of two templates for a minute', () => found([two], 60_000), ['warning mixed-images']],
    ['of two templates for less', () => found([two], 59_999), []],
    [
      'of two templates, of which one pod went as the load began',
      () => found([two, presentPod('gateway-3'), gone(0)]),
      ['warning mixed-images'],
    ],
    [
      'of two templates, of which one pod went after that',
      () => found([two, presentPod('gateway-3'), gone(0.001)]),
      [],
    ],
    ['of two templates, of which one pod went as it ended', () => found([two, presentPod('gateway-3'), gone(160)]), []],
    [
      'of two templates, of which one pod went later',
      () => found([two, presentPod('gateway-3'), gone(160.001)]),
      ['warning mixed-images'],
    ],
    ['that changed as the load began', () => found([changed(0)]), []],
    ['that changed after that', () => found([changed(0.001)]), ['warning image-changed']],
    ['that changed as it ended', () => found([changed(160)]), ['warning image-changed']],
    ['that changed later', () => found([changed(160.001)]), []],
    [
      'under one name as the load begins',
      () =>
        found([
          presentPod('a'),
          presentPod('b', { id: idOf('b') }),
          seen(10, imagePod('b', { id: idOf('b') }, { deleting: true })),
        ]),
      ['breach mixed-images'],
    ],
    [
      'under one name between begin and end',
      () =>
        found([
          presentPod('a'),
          seen(10, imagePod('b', { id: idOf('b') }), 'added'),
          seen(150, imagePod('b', { id: idOf('b') }, { deleting: true })),
        ]),
      ['gap image-changed'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('pods that are counted', () => {
  const counts = (...pods: readonly (readonly Evidence[])[]) =>
    podCounts(seenIn(pods.flat()).objects.lives.all).map(
      ({ at: ms, scheduled, ready }) => `${ms - atMs(0)}: ${scheduled} ${ready}`,
    )
  const bets = (changes: Partial<Parameters<typeof podLife>[0]>) =>
    podLife({ name: 'bets-1', app: 'bets', node: 'n', born: 10, runs: 11, ready: 12, ...changes })
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['from their place and their readiness on', () => counts(bets({})), ['10000: 1 0', '12000: 1 1']],
    [
      'until they are asked to end',
      () => counts(bets({ ends: 20, gone: 25 })),
      ['10000: 1 0', '12000: 1 1', '20000: 0 0'],
    ],
    ['not while they have no place', () => counts(podLife({ name: 'b', app: 'bets', born: 10 })), []],
    [
      'together',
      () => counts(bets({}), podLife({ name: 'bets-2', app: 'bets', node: 'n', born: 11.5, ready: 13 })),
      ['10000: 1 0', '11500: 2 0', '12000: 2 1', '13000: 2 2'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})
