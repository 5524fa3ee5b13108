/** A release of configuration: which configuration each pod served with, as the pods tell it or as the start of their containers shows it. */
import { describe, expect } from 'vitest'
import type { ConfigTaken } from '../../src/domain/configuration.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Target } from '../../src/domain/rehearsal.ts'
import { actionOf, actionSteps, evidence, target, together, withActions } from '../support/evidence.ts'
import { scrape, seen } from '../support/evidence-cluster.ts'
import { gonePod, imagePod, machines, presentPod } from '../support/evidence-images.ts'
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
} from '../support/evidence-release.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

const on = (where: Target, story: Parameters<typeof evidence>[0] = {}): Evidence[] =>
  evidence(story).map((record) => (record.kind === 'run-started' ? { ...record, target: where } : record))

const WAS = 'a'.repeat(64)
const NOW = 'b'.repeat(64)
const source = { namespace: 'casino', selector: {}, port: 8080, path: '/metrics', metrics: ['config_info'] }
const telling: Target = {
  ...target,
  sources: { ...target.sources, gateway: { ...source, configuration: { metric: 'config_info', label: 'digest' } } },
}

const tells = (second: number, pod: string, digest: string): Evidence =>
  scrape(second, 'gateway', pod, { name: 'config_info', labels: { digest }, value: 1 })
/** One scrape every 2 s. */
const toldBy = (pod: string, at: (second: number) => string, from = 0, to = 159): Evidence[] =>
  Array.from({ length: Math.floor((to - from) / 2) }, (_, n) => tells(from + 2 * n, pod, at(from + 2 * n)))

const flag = { kind: 'values', configMap: 'flags', set: { promo: 'off' } } as const
const pinned = { ...flag, checksum: 'sum' }
const written = (taken: readonly ConfigTaken[] = ['files']): ActionMoment => [
  40,
  { is: 'config-written', configMap: 'flags', was: WAS, now: NOW, taken },
]

function judged(
  records: readonly Evidence[],
  {
    config = flag,
    taken = ['files'],
    where = telling,
  }: { config?: object; taken?: readonly ConfigTaken[]; where?: Target } = {},
) {
  const rehearsal = withActions(actionOf('flag off', releaseAct({ images: {}, config })))
  const run = on(where, { rehearsal })
  const steps = [begun, written(taken), complete, asked, healed]
  return judge(together(run, machines, oldPods, records, actionSteps('flag off', ...steps)))
}

const during = (from: number, to: number) => (second: number) => (second >= from && second < to ? NOW : WAS)

describe('a release of configuration that running pods read again', () => {
  it('is held when every pod reports a new digest in time, and the previous one after the rollback', () => {
    const judgment = judged([...toldBy('old-1', during(44, 82)), ...toldBy('old-2', during(50, 86))])
    expect(causesOf(judgment)).toEqual([])
    expect(judgment.actions[0]?.reactions).toMatchObject([
      { kind: 'configured', held: true, tookMs: 10_000, withinMs: 30_000 },
      { kind: 'configured-back', held: true, tookMs: 6_000, withinMs: 20_000 },
    ])
    expect(judgment.actions[0]?.reactions[0]?.sentence).toBe(
      'Every pod of Deployment gateway served with the configuration of the release (bbbbbbbbbbbb…, aaaaaaaaaaaa… before) 10.0 s after flag off began; 30.0 s were allowed.',
    )
  })

  it.each([
    [
      'no pod uses the new values',
      WAS,
      '2 of 2 pods of Deployment gateway still served with the previous configuration',
    ],
    ['one pod does not use the new values', NOW, '1 of 2 pods of Deployment gateway still served'],
  ])('is unpinned when %s', (_, other, sentence) => {
    const judgment = judged([
      ...toldBy('old-1', (second) => (other === NOW ? during(44, 82)(second) : WAS)),
      ...toldBy('old-2', () => WAS),
    ])
    expect(causesOf(judgment)).toEqual(['config-unpinned'])
    expect(sentenceOf(judgment, 'config-unpinned')).toContain(sentence)
  })

  it('is unpinned when pods serve with two new configurations', () => {
    const third = 'c'.repeat(64)
    const judgment = judged([
      ...toldBy('old-1', during(44, 82)),
      ...toldBy('old-2', (second) => (during(44, 82)(second) === NOW ? third : WAS)),
    ])
    expect(causesOf(judgment)).toEqual(['config-unpinned'])
    expect(sentenceOf(judgment, 'config-unpinned')).toContain('different configurations')
  })

  it.each([
    ['is late', during(74, 82), ['rollout-stuck']],
    ['is taken back late', during(44, 104), ['rollback-late']],
    ['is never taken back', during(44, 999), ['rollback-late']],
  ])('%s', (_, at, causes) => {
    expect(causesOf(judged([...toldBy('old-1', at), ...toldBy('old-2', at)]))).toEqual(causes)
  })

  it('accuses nobody when the scrapes of a pod fail from before it on', () => {
    const failing = (from: number, to: number): Evidence[] =>
      toldBy('old-2', () => WAS, from, to).map((each) => ({
        kind: 'sample',
        at: each.at,
        source: 'gateway',
        pod: 'old-2',
        ok: false,
        problem: 'answered 503',
      }))
    const others = toldBy('old-1', during(44, 82))
    const until = [...others, ...toldBy('old-2', () => WAS, 0, 40)]
    expect(causesOf(judged([...until, ...failing(40, 159)]), 'breach')).toEqual([])
    // It is read again after the rollback: what it served with in between is still not known.
    const again = judged([...until, ...failing(40, 90), ...toldBy('old-2', () => WAS, 90)])
    expect(causesOf(again, 'breach')).toEqual([])
    expect(again.actions[0]?.reactions[1]).toMatchObject({ kind: 'configured-back', held: true })
    // After a few failed scrapes the last reading still counts.
    const short = judged([...until, ...failing(40, 50), ...toldBy('old-2', () => WAS, 50)])
    expect(causesOf(short, 'breach')).toEqual(['config-unpinned'])
  })

  it('proves nothing when a pod reports no digest', () => {
    expect(causesOf(judged(toldBy('old-1', during(44, 82))))).toEqual(['no-evidence', 'no-evidence'])
  })

  it('proves nothing without a configuration metric when the pods use the ConfigMap as files', () => {
    const judgment = judged([...toldBy('old-1', during(44, 82)), ...toldBy('old-2', during(44, 82))], { where: target })
    expect(causesOf(judgment)).toEqual(['no-evidence', 'no-evidence'])
    expect(sentenceOf(judgment, 'no-evidence')).toContain('The configuration of the pods of Deployment')
  })
})

describe('a release of configuration that pods read when they start', () => {
  const variables = { taken: ['environment'], where: target } as const

  it('is held when every pod was replaced, in the release and in the rollback', () => {
    const judgment = judged(
      [...rolled(12, [{ hash: 'two' }, { hash: 'two' }]), ...rolledBack(10, {}, [{ hash: 'two' }, { hash: 'two' }])],
      {
        ...variables,
        config: pinned,
      },
    )
    expect(causesOf(judgment)).toEqual([])
    expect(judgment.actions[0]?.reactions.map(({ kind, held }) => [kind, held])).toEqual([
      ['rolls-out', true],
      ['rolls-back', true],
      ['configured', true],
      ['configured-back', true],
    ])
  })

  it('is unpinned when it replaces no pod', () => {
    const judgment = judged([], variables)
    expect(causesOf(judgment)).toEqual(['config-unpinned'])
    expect(sentenceOf(judgment, 'config-unpinned')).toContain(
      '2 of 2 pods of Deployment gateway still served with the previous configuration (aaaaaaaaaaaa…) 40.0 s after flag off wrote ConfigMap flags.',
    )
  })

  it('is unpinned when only a crashed pod has read the new values and keeps them after the rollback', () => {
    const restarted = seen(50, imagePod('old-1', {}, { restarts: 1 }))
    const causes = causesOf(judged([restarted], variables))
    expect(causes).toContain('config-unpinned')
    expect(causes).toContain('rollback-late')
  })
})

describe('without a release', () => {
  const mixed = (from: number) =>
    judge(
      together(on(telling), machines, oldPods, [
        ...toldBy('old-1', () => WAS),
        ...toldBy('old-2', (second) => (second >= from ? NOW : WAS)),
      ]),
    )

  it('pods of one template with two configurations until the end are unpinned', () => {
    const judgment = mixed(10)
    expect(causesOf(judgment)).toEqual(['config-unpinned'])
    expect(sentenceOf(judgment, 'config-unpinned')).toContain('and no rollout was under way')
  })

  it.each([
    ['a kubelet may still pass it on', () => mixed(100)],
    [
      'they are of two templates',
      () =>
        judge(
          together(
            on(telling),
            machines,
            [presentPod('old-1'), presentPod('old-2', { hash: 'two' })],
            [...toldBy('old-1', () => WAS), ...toldBy('old-2', () => NOW)],
          ),
        ),
    ],
    [
      'the other pod is gone',
      () =>
        judge(
          together(on(telling), machines, oldPods, gonePod(20, 'old-1'), [
            ...toldBy('old-1', () => WAS, 0, 20),
            ...toldBy('old-2', () => NOW),
          ]),
        ),
    ],
    [
      'a pod has not served for long',
      () =>
        judge(
          together(
            on(telling),
            machines,
            [
              presentPod('old-1'),
              seen(-1.9, imagePod('old-2', {}, { ready: false }), 'present'),
              seen(100, imagePod('old-2')),
            ],
            [...toldBy('old-1', () => WAS), ...toldBy('old-2', () => NOW)],
          ),
        ),
    ],
    [
      'the series of a former configuration stays at 0',
      () =>
        judge(
          together(on(telling), machines, oldPods, [
            ...toldBy('old-1', () => WAS),
            ...Array.from({ length: 80 }, (_, n) =>
              scrape(
                2 * n,
                'gateway',
                'old-2',
                { name: 'config_info', labels: { digest: NOW }, value: 0 },
                { name: 'config_info', labels: { digest: WAS }, value: 1 },
              ),
            ),
          ]),
        ),
    ],
  ])('nothing is said while %s', (_, judgment) => {
    expect(causesOf(judgment())).not.toContain('config-unpinned')
  })
})
