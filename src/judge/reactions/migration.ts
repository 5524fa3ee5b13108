/**
 * The schema change of a release: its Job was complete in time, and meanwhile no statement waited long for a lock. What users noticed of it, errors and money,
 * is judged as for the rest of the release, to the end of its rollback: pods of both releases share the new schema until then. For the time after that see schema-fit.ts.
 */
import { migrationOf } from '../../domain/action.ts'
import type { Migration } from '../../domain/migration.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import type { Ruled } from '../findings/ruled.ts'
import { duration } from '../findings/words.ts'
import { actBy, type Harm } from '../harm/harm.ts'
import type { ActionLife } from '../seen/action-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { lockWaitId } from '../seen/wanted-counters.ts'
import { createReactionAnswer } from './answer.ts'
import { judgeSchemaFit } from './schema-fit.ts'

/** Statements that waited are seen with the scrape that follows. */
const SCRAPED_WITHIN_MS = 3_000

export function judgeMigration(seen: Seen, harm: Harm): readonly Ruled<ReactionResult>[] {
  const migration = migrationOf(actBy(harm))
  const life = seen.actions.of(harm.name)
  if (migration === undefined || life === undefined) return []
  return [
    migrated(seen, harm, migration, life),
    locksShort(seen, harm, migration, life),
    ...judgeSchemaFit(seen, harm, migration.run, life),
  ]
}

function migrated(seen: Seen, harm: Harm, { run, withinMs }: Migration, life: ActionLife): Ruled<ReactionResult> {
  const answer = createReactionAnswer(harm, 'migrated', run, withinMs)
  const { begun, done } = life.migration
  if (begun === undefined) return answer.unknown(`The migration ${run} was not seen to begin.`, life.lines)
  const lines = [begun.line, done?.line, life.problem?.line]
  if (done !== undefined) {
    const tookMs = done.at - begun.at
    const sentence = `The migration ${run} completed after ${duration(tookMs)}; ${duration(withinMs)} were allowed.`
    return tookMs <= withinMs
      ? answer.held({ sentence, tookMs, lines })
      : answer.broken('rollout-stuck', { sentence, tookMs, lines })
  }
  const watchedMs = Math.min(life.healRequested?.at ?? seen.run.seenUntil, seen.run.seenUntil) - begun.at
  if (life.problem === undefined && watchedMs < withinMs)
    return answer.unknown(`The migration ${run} was not seen to complete.`, lines)
  const why = life.problem === undefined ? '' : `: ${life.problem.text}`
  const sentence = `The migration ${run} did not complete within ${duration(withinMs)}${why}.`
  return answer.broken('rollout-stuck', { sentence, lines })
}

function locksShort(seen: Seen, harm: Harm, { run, waitsMs }: Migration, life: ActionLife): Ruled<ReactionResult> {
  const answer = createReactionAnswer(harm, 'locks-short', run, waitsMs)
  const { begun, done } = life.migration
  if (begun === undefined) return answer.unknown(`The migration ${run} was not seen to begin.`, life.lines)
  const endAt = done?.at ?? life.healRequested?.at ?? seen.run.seenUntil
  const levels = seen.gauges
    .levels(lockWaitId(run))
    .filter(({ at, until }) => until >= begun.at && at <= endAt + SCRAPED_WITHIN_MS)
  // Whether the last wait was seen is known only from a reading after the end.
  const last = levels.at(-1)
  if (last === undefined || last.until < endAt)
    return answer.unknown(`The longest wait for a table lock during the migration ${run} was not measured.`, [
      begun.line,
    ])
  const longest = levels.reduce((most, each) => (each.value > most.value ? each : most))
  const waitedMs = longest.value * 1_000
  const what = waitedMs === 0 ? 'No statement was seen to wait' : `A statement waited ${duration(waitedMs)}`
  const sentence = `${what} for a table lock during the migration ${run}; ${duration(waitsMs)} were allowed.`
  const told = { sentence, lines: [begun.line, longest.line] }
  return waitedMs <= waitsMs ? answer.held(told) : answer.broken('schema-locked', told)
}
