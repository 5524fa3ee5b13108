/** What is asked of a release that is rolled out and back: every pod runs it in time, and in time every pod runs what it ran before. */
import { describe, expect, it } from 'vitest'
import type { ActionStepData, Evidence } from '../../src/domain/evidence.ts'
import type { ActionSpec } from '../../src/domain/rehearsal.ts'
import { seconds } from '../../src/domain/units.ts'
import { judge } from '../../src/judge/judge.ts'
import { actionOf, actionSteps, evidence, type Story, toBad, together, withActions } from '../support/evidence.ts'
import {
  bornPod,
  gonePod,
  type ImageStory,
  idOf,
  machines,
  nextImage,
  presentPod,
  TAG,
} from '../support/evidence-images.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'

const release = (changes: object = {}): ActionSpec['act'] => ({
  kind: 'release',
  shape: 'rolling',
  workload: { kind: 'Deployment', name: 'gateway' },
  images: { app: 'registry.example/gateway:2' },
  annotations: {},
  withinMs: seconds(30),
  backWithinMs: seconds(20),
  ...changes,
})

/** Two pods, replaced one after the other; the last old one is gone `tookS` after `second`. */
type Both = readonly [ImageStory, ImageStory]
const replaced = (second: number, tookS: number, was: string, now: string, old: Both, fresh: Both) => [
  ...bornPod(second + 1, `${now}-1`, fresh[0]),
  ...gonePod(second + 4, `${was}-1`, old[0]),
  ...bornPod(second + 5, `${now}-2`, fresh[1]),
  ...gonePod(second + tookS - 3, `${was}-2`, old[1]),
]
const both = (story: ImageStory): Both => [story, story]
const old = [presentPod('old-1'), presentPod('old-2')]
const out = (tookS = 12, fresh = both(nextImage)) => replaced(40, tookS, 'old', 'new', both({}), fresh)
const back = (tookS = 10, again: ImageStory = {}, fresh = both(nextImage)) =>
  replaced(80, tookS, 'new', 'back', fresh, both(again))
/** Rolled out and back with these images. */
const through = (...fresh: Both) => [...out(12, fresh), ...back(10, {}, fresh)]

const begun = [40, { is: 'begun', targets: ['Deployment/casino/gateway'] }] as const
const done = [53, { is: 'done', note: '' }] as const
const asked = [80, { is: 'heal-requested' }] as const
const healed = [91, { is: 'healed' }] as const
type Step = readonly [number, ActionStepData]
const whole: readonly Step[] = [begun, done, asked, healed]

function judged(pods: readonly Evidence[], steps: readonly Step[] = whole, act = release(), story = {}) {
  const rehearsal = withActions(actionOf('gateway 2', act))
  const run = evidence({ rehearsal, ...story })
  const judgment = judge(together(run, machines, old, pods, actionSteps('gateway 2', ...steps)))
  const [first, second] = judgment.actions[0]?.reactions ?? []
  return { judgment, out: first, back: second, causes: causesOf(judgment) }
}

describe('a release', () => {
  it('that reached every pod and was rolled back is held, with both times', () => {
    const { causes, judgment, ...told } = judged([...out(), ...back()])
    expect(causes).toEqual([])
    expect(judgment.verdict.kind).toBe('pass')
    expect(told.out).toMatchObject({ kind: 'rolls-out', held: true, tookMs: 12_000, withinMs: 30_000 })
    expect(told.back).toMatchObject({ kind: 'rolls-back', held: true, tookMs: 10_000, withinMs: 20_000 })
    expect([told.out?.sentence, told.back?.sentence]).toEqual([
      'Every pod of Deployment gateway ran the release (app sha256:bbbbbbbbbbbb…) 12.0 s after gateway 2 began; 30.0 s were allowed.',
      'Every pod of Deployment gateway ran what it ran before (app sha256:aaaaaaaaaaaa…) 10.0 s after the rollback of gateway 2 began; 20.0 s were allowed.',
    ])
  })

  it('that changes only the configuration is recognised by its template', () => {
    const config: ImageStory = { hash: 'two' }
    const act = release({ images: {}, annotations: { 'checksum/config': '3f1c' } })
    const { causes, out: told } = judged(through(config, config), whole, act)
    expect(causes).toEqual([])
    expect(told?.sentence).toContain('ran the release 12.0 s after')
  })

  it.each<[string, readonly Evidence[], readonly Step[], string[]]>([
    [
      'that is late',
      [...out(34), ...back()],
      [begun, [75, { is: 'done', note: '' }], asked, healed],
      ['rollout-stuck'],
    ],
    [
      'that is not complete in its time and rolled back at once',
      [...bornPod(41, 'new-1', nextImage), ...gonePod(75, 'new-1', nextImage)],
      [begun, [70, { is: 'failed', problem: 'not rolled out within 30s' }], [70.1, asked[1]], [79, { is: 'healed' }]],
      ['rollout-stuck', 'action-not-done'],
    ],
    [
      'that is rolled back late',
      [...out(), ...back(26)],
      [begun, done, asked, [107, { is: 'healed' }]],
      ['rollback-late'],
    ],
    [
      'whose rollback starts the image that a moved tag names now',
      [...out(), ...back(10, { id: idOf('c') })],
      whole,
      ['rollback-missing'],
    ],
    [
      'that changes only the name of the image',
      through({ ...nextImage, id: idOf('a') }, { ...nextImage, id: idOf('a') }),
      whole,
      ['no-evidence'],
    ],
    [
      'whose pods run two images under one name',
      through(nextImage, { ...nextImage, id: idOf('c') }),
      whole,
      ['mixed-images'],
    ],
    [
      'whose images were not seen',
      through({ ...nextImage, id: undefined }, { ...nextImage, id: undefined }),
      whole,
      ['no-evidence'],
    ],
    ['whose pods were not seen', [], whole, ['no-evidence']],
    ['that is never rolled back within the run', out(), [begun, done], ['no-evidence']],
    [
      'that was stopped before it was complete',
      bornPod(41, 'new-1', nextImage),
      [begun, [60, asked[1]]],
      ['no-evidence', 'rollback-late', 'action-not-done'],
    ],
  ])('%s', (_, pods, steps, causes) => {
    expect(judged(pods, steps).causes.toSorted()).toEqual(causes.toSorted())
  })

  it('has reached every pod when as many new pods serve as before', () => {
    const pods = [
      ...bornPod(41, 'new-1', nextImage),
      ...gonePod(44, 'old-1'),
      ...gonePod(49, 'old-2'),
      ...bornPod(58, 'new-2', nextImage),
    ]
    expect(judged([...pods, ...back()]).out).toMatchObject({ held: true, tookMs: 20_000 })
  })

  it('names both images where a rollback has two under one name', () => {
    const { judgment } = judged([...out(), ...back(10, { id: idOf('c') })])
    expect(judgment.verdict.kind).toBe('fail')
    expect(sentenceOf(judgment, 'rollback-missing')).toBe(
      `The rollback of Deployment gateway brought another image back: app ran sha256:aaaaaaaaaaaa… before the release and sha256:cccccccccccc… after it, both called ${TAG}.`,
    )
  })

  it('is blamed for attempts that fail during its rollback', () => {
    const expected = { kind: 'undisturbed', sli: 'login', badMax: 0, at: actionOf('x', release()).at } as const
    const rehearsal = withActions(actionOf('gateway 2', release(), expected))
    const load: Story['load'] = (s, all) => s >= 84 && s < 86 && toBad(all.login, 3, 'http-502')
    expect(judged([...out(), ...back()], whole, release(), { rehearsal, load }).causes).toContain('disturbed')
  })

  it('has no breach where records of its pods are lost', () => {
    const pods = [...out(), ...back()]
    for (const lost of [...pods, ...old]) {
      const { causes } = judged(pods.filter((each) => each !== lost))
      const accused = causes.filter((cause) => !['no-evidence', 'evidence-lost'].includes(cause))
      expect(accused, JSON.stringify(lost)).toEqual([])
    }
  })
})
