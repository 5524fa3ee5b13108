/** The schema change of a release: its Job in time, and how long statements waited for table locks. */
import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { judge } from '../../src/judge/judge.ts'
import { actionOf, actionSteps, evidence, together, withActions } from '../support/evidence.ts'
import { machines } from '../support/evidence-images.ts'
import { lockWaits, members, migrated, migratingAct, migratingTarget } from '../support/evidence-migration.ts'
import { type ActionMoment, oldPods, rolled, rolledBack } from '../support/evidence-release.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'

function judged(waits: readonly Evidence[], steps: readonly ActionMoment[] = migrated(43), act = migratingAct()) {
  const run = evidence({ rehearsal: withActions(actionOf('gateway 2', act)) }).map((record) =>
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
