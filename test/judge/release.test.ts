/** What is asked of a release that is rolled out and back: every pod runs it in time, and in time every pod runs what it ran before. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { seconds } from '../../src/domain/units.ts'
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
import {
  type ActionMoment,
  asked,
  begun,
  complete,
  healed,
  oldPods,
  releaseAct,
  rolled,
  rolledBack,
  through,
  wholeRelease,
} from '../support/evidence-release.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

function judged(
  pods: readonly Evidence[],
  steps: readonly ActionMoment[] = wholeRelease,
  act = releaseAct(),
  story = {},
) {
  const rehearsal = withActions(actionOf('gateway 2', act))
  const run = evidence({ rehearsal, ...story })
  const judgment = judge(together(run, machines, oldPods, pods, actionSteps('gateway 2', ...steps)))
  const [first, second] = judgment.actions[0]?.reactions ?? []
  return { judgment, out: first, back: second, causes: causesOf(judgment) }
}

describe('a release', () => {
  it('that reached every pod and was rolled back is held, with both times', () => {
    const { causes, judgment, ...told } = judged([...rolled(), ...rolledBack()])
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
    const act = releaseAct({ images: {}, annotations: { 'checksum/config': '3f1c' } })
    const { causes, out: told } = judged(through(config, config), wholeRelease, act)
    expect(causes).toEqual([])
    expect(told?.sentence).toContain('ran the release 12.0 s after')
  })

  it.each<[string, readonly Evidence[], readonly ActionMoment[], string[]]>([
    [
      'that is late',
      [...rolled(34), ...rolledBack()],
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
      [...rolled(), ...rolledBack(26)],
      [begun, complete, asked, [107, { is: 'healed' }]],
      ['rollback-late'],
    ],
    [
      'whose rollback starts the image that a moved tag names now',
      [...rolled(), ...rolledBack(10, { id: idOf('c') })],
      wholeRelease,
      ['rollback-missing'],
    ],
    [
      'that changes only the name of the image',
      through({ ...nextImage, id: idOf('a') }, { ...nextImage, id: idOf('a') }),
      wholeRelease,
      ['no-evidence'],
    ],
    [
      'whose pods run two images under one name',
      through(nextImage, { ...nextImage, id: idOf('c') }),
      wholeRelease,
      ['mixed-images'],
    ],
    [
      'whose images were not seen',
      through({ ...nextImage, id: undefined }, { ...nextImage, id: undefined }),
      wholeRelease,
      ['no-evidence'],
    ],
    ['whose pods were not seen', [], wholeRelease, ['no-evidence']],
    ['that is never rolled back within the run', rolled(), [begun, complete], ['no-evidence']],
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
    expect(judged([...pods, ...rolledBack()]).out).toMatchObject({ held: true, tookMs: 20_000 })
  })

  it('names both images where a rollback has two under one name', () => {
    const { judgment } = judged([...rolled(), ...rolledBack(10, { id: idOf('c') })])
    expect(judgment.verdict.kind).toBe('fail')
    expect(sentenceOf(judgment, 'rollback-missing')).toBe(
      `The rollback of Deployment gateway brought another image back: app ran sha256:aaaaaaaaaaaa… before the release and sha256:cccccccccccc… after it, both called ${TAG}.`,
    )
  })

  it('may name a container whose image stays', () => {
    const act = releaseAct({ images: { app: nextImage.image, proxy: 'proxy:1' } })
    const again: ImageStory = { sidecar: 'proxy:1' }
    const fresh: ImageStory = { ...nextImage, sidecar: 'proxy:1' }
    const before = ['old-1', 'old-2'].map((name) => presentPod(name, again))
    const pods = [...before, ...rolled(12, [fresh, fresh]), ...rolledBack(10, again, [fresh, fresh])]
    expect(judged(pods, wholeRelease, act).causes).toEqual([])
  })

  it('is blamed for attempts that fail during its rollback', () => {
    const expected = { kind: 'undisturbed', sli: 'login', badMax: 0, at: actionOf('x', releaseAct()).at } as const
    const rehearsal = withActions(actionOf('gateway 2', releaseAct(), expected))
    const load: Story['load'] = (s, all) => s >= 84 && s < 86 && toBad(all.login, 3, 'http-502')
    expect(judged([...rolled(), ...rolledBack()], wholeRelease, releaseAct(), { rehearsal, load }).causes).toContain(
      'disturbed',
    )
  })

  it('has no breach where records of its pods are lost', () => {
    const pods = [...rolled(), ...rolledBack()]
    for (const lost of [...pods, ...oldPods]) {
      const { causes } = judged(pods.filter((each) => each !== lost))
      const accused = causes.filter((cause) => !['no-evidence', 'evidence-lost'].includes(cause))
      expect(accused, JSON.stringify(lost)).toEqual([])
    }
  })

  it('has its time from the end of its migration on, and none before that', () => {
    const act = releaseAct({ migration: { run: 'orders-schema', withinMs: seconds(30), waitsMs: seconds(1) } })
    const pods = [...bornPod(55, 'new-1', nextImage), ...gonePod(75, 'new-1', nextImage)]
    const job: ActionMoment = [40, { is: 'migration-begun', migration: 'orders-schema', job: 'j' }]
    const migrated: ActionMoment = [44, { is: 'migration-done', migration: 'orders-schema' }]
    const ends: ActionMoment[] = [
      [72, asked[1]],
      [79, { is: 'healed' }],
    ]
    // 28 s of the 30 s that it may take.
    const short = judged(pods, [begun, job, migrated, ...ends], act)
    expect([causesOf(short.judgment, 'breach'), short.out?.held]).toEqual([[], false])
    const whole = judged(pods, [begun, job, migrated, [75, asked[1]], [79, { is: 'healed' }]], act)
    expect(whole.out?.sentence).toMatch(/^gateway 2 did not reach every pod of Deployment gateway within 30\.0 s/)
    const failed: ActionMoment = [72, { is: 'failed', problem: 'the Job j failed' }]
    expect(judged([], [begun, job, failed, ...ends], act).out?.sentence).toBe(
      'gateway 2 replaced no pods, because its migration was not seen to be complete.',
    )
  })
})
