/** The schema change of a release: its Job in time, and how long statements waited for table locks. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { ActionSpec } from '../../src/domain/rehearsal.ts'
import { actionOf, actionSteps, evidence, type Story, toBad, together, withActions } from '../support/evidence.ts'
import { machines } from '../support/evidence-images.ts'
import { lockWaits, members, migrated, migratingAct, migratingTarget } from '../support/evidence-migration.ts'
import { type ActionMoment, oldPods, rolled, rolledBack } from '../support/evidence-release.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

function judged(
  waits: readonly Evidence[],
  steps: readonly ActionMoment[] = migrated(43),
  act = migratingAct(),
  { load, expect: wanted = [] }: Partial<Pick<Story, 'load'> & Pick<ActionSpec, 'expect'>> = {},
) {
  const spec = { ...actionOf('gateway 2', act), expect: wanted }
  const run = evidence({ rehearsal: withActions(spec), ...(load ? { load } : {}) }).map((record) =>
    record.kind === 'run-started' ? { ...record, target: migratingTarget } : record,
  )
  const pods = [...rolled(), ...rolledBack()]
  return judge(together(run, machines, members, oldPods, pods, waits, actionSteps('gateway 2', ...steps)))
}
const reaction = (judgment: ReturnType<typeof judged>, kind: string) =>
  judgment.actions[0]?.reactions.find((each) => each.kind === kind)
const at = (second: number, value: number) => (now: number) => (now === second ? value : 0)

describe('a migration', () => {
  it('that completed in time without long lock waits is held', () => {
    const judgment = judged(lockWaits(at(42, 0.4)))
    expect(causesOf(judgment)).toEqual([])
    expect(reaction(judgment, 'migrated')).toMatchObject({ held: true, tookMs: 3_000, withinMs: 5_000 })
    expect(reaction(judgment, 'locks-short')).toMatchObject({
      held: true,
      sentence: 'A statement waited 400 ms for a table lock during the migration orders-schema; 1.0 s were allowed.',
    })
    // The rollout has its own time, which begins when the schema is there.
    expect(reaction(judgment, 'rolls-out')).toMatchObject({ tookMs: 9_000 })
  })

  it.each([
    ['while it ran', 42],
    ['with the scrape right after it', 45],
  ])('that made a statement wait too long is named, seen %s', (_, second) => {
    const judgment = judged(lockWaits(at(second, 2.5)))
    expect(causesOf(judgment)).toEqual(['schema-locked'])
    expect(sentenceOf(judgment, 'schema-locked')).toContain('A statement waited 2.5 s')
  })

  it.each([
    ['before it', 35],
    ['long after it', 70],
  ])('is not accused of a wait %s', (_, second) => {
    expect(causesOf(judged(lockWaits(at(second, 2.5))))).toEqual([])
  })

  it('is judged by the longest wait of all members, not by their sum', () => {
    expect(causesOf(judged(lockWaits(at(42, 0.6), 0, 160, at(42, 0.7))))).toEqual([])
  })

  it('that was late is reported', () => {
    const judgment = judged(
      lockWaits(() => 0),
      migrated(47),
      migratingAct(),
    )
    expect(causesOf(judgment)).toEqual(['rollout-stuck'])
    expect(sentenceOf(judgment, 'rollout-stuck')).toContain('orders-schema completed after 7.0 s')
  })

  it.each([
    ['no reading at all', [] as Evidence[]],
    ['no reading after it began', lockWaits(() => 0, 0, 38)],
    ['no reading after it ended', lockWaits(() => 0, 0, 42)],
  ])('proves nothing about locks with %s', (_, waits) => {
    expect(causesOf(judged(waits))).toContain('no-evidence')
    expect(reaction(judged(waits), 'locks-short')).toMatchObject({ held: false })
  })

  it('that failed is reported with the reason', () => {
    const [begun, job] = migrated(43)
    const failed = { is: 'failed', problem: 'the Job orders-schema failed' } as const
    const steps = [begun, job, [44, failed], [44, { is: 'heal-requested' }], [45, { is: 'healed' }]] as ActionMoment[]
    const judgment = judged(
      lockWaits(() => 0),
      steps,
    )
    expect(causesOf(judgment)).toContain('rollout-stuck')
    expect(reaction(judgment, 'migrated')?.sentence).toBe(
      'The migration orders-schema did not complete within 5.0 s: the Job orders-schema failed.',
    )
  })
})

describe('the previous release after the rollback', () => {
  const bad =
    (from: number, to: number, attempts = 1): Story['load'] =>
    (second, { deposit }) =>
      void (second >= from && second < to && toBad(deposit, attempts, 'http-500'))
  const told = (story: Parameters<typeof judged>[3], steps = migrated(43)) =>
    judged(
      lockWaits(() => 0),
      steps,
      migratingAct(),
      story,
    )
  const fits = (judgment: ReturnType<typeof judged>) =>
    judgment.actions[0]?.reactions.filter(({ kind }) => kind === 'works-with-schema') ?? []

  it('works with the new schema if no more attempts fail than before the migration', () => {
    const judgment = told({})
    expect(causesOf(judgment)).toEqual([])
    expect(fits(judgment).map(({ subject, held }) => [subject, held])).toEqual([
      ['login', true],
      ['deposit', true],
    ])
    expect(fits(judgment)[1]?.sentence).toMatch(
      /^deposit: 0 of \d+ attempts were bad after the rollback, with the schema of orders-schema; before it 0 of \d+\.$/,
    )
  })

  it('that does not work with the new schema is named', () => {
    const judgment = told({ load: bad(95, 160) })
    expect(causesOf(judgment, 'breach')).toContain('schema-incompatible')
    expect(sentenceOf(judgment, 'schema-incompatible')).toMatch(/^deposit: 6[0-9] of \d+ attempts were bad after/)
  })

  it.each<[string, Story['load']]>([
    ['failures that were as frequent before', bad(0, 160)],
    ['two failures', bad(120, 122)],
    ['failures before the rollback was complete', bad(44, 90)],
  ])('is not accused of %s', (_, load) => {
    expect(causesOf(told({ load }))).not.toContain('schema-incompatible')
  })

  it.each([
    { attempts: 29, held: false },
    { attempts: 30, held: true },
  ])('is known to work with it after $attempts attempts: $held', ({ attempts, held }) => {
    const load: Story['load'] = (second, { deposit }) => {
      if (second >= 95) deposit.good = second === 100 ? attempts : 0
    }
    const deposits = fits(told({ load })).find(({ subject }) => subject === 'deposit')
    expect(deposits).toMatchObject({ held, sentence: expect.stringContaining(`${attempts} attempts`) })
  })

  it('is judged by the indicators that the release must not disturb', () => {
    const expected = [{ kind: 'undisturbed', sli: 'login', badMax: 0 }] as unknown as ActionSpec['expect']
    const judgment = told({ load: bad(95, 160), expect: expected })
    expect(fits(judgment).map(({ subject, held }) => [subject, held])).toEqual([['login', true]])
  })

  it.each<[string, readonly ActionMoment[], number]>([
    [
      'load ends right after the rollback',
      [...migrated(43).slice(0, -2), [150, { is: 'heal-requested' }], [159.5, { is: 'healed' }]],
      2,
    ],
    ['rollback is never complete', migrated(43).slice(0, -1), 2],
  ])('is not known to work with it if the %s', (_, steps, unknown) => {
    const judgment = told({}, steps)
    expect(fits(judgment).map(({ held }) => held)).toEqual(Array.from({ length: unknown }, () => false))
    expect(judgment.verdict.kind).not.toBe('pass')
  })
})
