/** Whether a reaction can be observed: it must make sense for its harm, and its time must fit into the run. */
import { keptWhenDone, movedDatabase } from '../../domain/action.ts'
import { showDuration } from '../../domain/show.ts'
import { type ActDraft, actsOf } from '../acts.ts'
import type { Draft, ReactionDraft } from '../rehearsal.ts'
import type { Report } from '../report.ts'
import type { Placed } from '../shape.ts'
import type { HarmDraft, Strike } from './harms.ts'
import { checkHumanParts, humanTimes } from './human.ts'

export function checkReaction(
  reaction: ReactionDraft,
  harm: HarmDraft,
  strike: Strike | undefined,
  draft: Draft,
  report: Report,
) {
  checkSense(reaction, harm, report)
  const { value } = reaction
  switch (value.kind) {
    case 'failover':
      if (value.value.from.value === value.value.to.value) {
        const problem = `The failover is from ${value.value.from.value} to itself.`
        report(value.value.to.at, 'wrong-value', problem, 'name another source.')
      }
      return whileItLasts('The failover', value.value.within, harm, strike, report)
    case 'survives':
      return whileItLasts('Survival', value.value.within, harm, strike, report)
    case 'circuitOpens':
      return whileItLasts('Backing off', value.value.within, harm, strike, report)
    case 'completes':
      return whileItLasts('Completion', value.value.within, harm, strike, report)
    case 'recovers':
      return afterHealing('Recovery', value.value.within, strike, report)
    case 'spreads':
      return afterHealing('Spreading', value.value.within, strike, report)
    case 'promotes':
      return beforeTheEnd('Promotion', value.value.rto, strike, report)
    case 'reconnects':
      if (draft.load?.whole === true && draft.load.value.value.sockets === undefined) {
        const next = 'add sockets to the load, or remove this.'
        report(reaction.at, 'expectation-unobservable', 'The load has no sockets that could reconnect.', next)
      }
      return beforeTheEnd('Reconnection', value.value.within, strike, report)
    case 'alert':
      beforeTheEnd('The alert', value.value.firesWithin, strike, report)
      if (value.value.resolvesWithin !== undefined)
        afterHealing('Resolving', value.value.resolvesWithin, strike, report)
      return
    case 'human':
      for (const { what, within } of humanTimes(value.value)) beforeTheEnd(what, within, strike, report)
      return checkHumanParts(value.value, reaction.at, report)
    case 'amplification':
    case 'undisturbed':
      return
  }
}

/** Both times of an action must fit: the first while it lasts, the second between its end and the end of the load. */
export function checkActTimes(harm: HarmDraft, strike: Strike | undefined, report: Report): void {
  const times = actOf(harm)?.times
  if (times === undefined) return
  whileItLasts(times.done.what, times.done.within, harm, strike, report)
  if (harm.lasts !== undefined && strike !== undefined)
    beforeLoadEnds(times.undone.what, times.undone.within, strike, strike.toMs, report)
}

const actOf = ({ action }: HarmDraft): ActDraft | undefined =>
  action === undefined ? undefined : actsOf(action.value)[0]

/** Some reactions belong to some harms only. */
function checkSense({ at, value }: ReactionDraft, harm: HarmDraft, report: Report): void {
  if (value.kind === 'completes' && harm.is === 'fault')
    report(
      at,
      'reaction-misplaced',
      'A fault has no end of its own that it could come to.',
      'remove this; a witness proves the fault.',
    )
  const draft = actOf(harm)
  if (value.kind !== 'promotes' || draft === undefined) return
  if (draft.mayMoveDatabase === undefined)
    report(
      at,
      'reaction-misplaced',
      'This action moves no database.',
      'expect it of what takes the primary away, or of promote.',
    )
  const moved = movedDatabase(draft.act)?.database
  if (moved === undefined || moved === value.value.database.value) return
  const problem = `The action moves ${moved}, but this is expected of ${value.value.database.value}.`
  report(value.value.database.at, 'reaction-misplaced', problem, `write ${moved}.`)
}

/** Times that count from the injection and have no meaning after the harm. */
function whileItLasts(
  what: string,
  within: Placed<number>,
  harm: HarmDraft,
  strike: Strike | undefined,
  report: Report,
): void {
  const { is, lasts } = harm
  if (lasts === undefined) return beforeTheEnd(what, within, strike, report)
  if (within.value < lasts.value) return
  const problem = `${what} has ${showDuration(within.value)}, and the ${is} lasts ${showDuration(lasts.value)}.`
  report(within.at, 'expectation-unobservable', problem, `let the ${is} last longer, or expect it sooner.`)
}

function beforeTheEnd(what: string, within: Placed<number>, strike: Strike | undefined, report: Report): void {
  if (strike === undefined || strike.latestMs + within.value <= strike.totalMs) return
  const left = showDuration(Math.max(0, strike.totalMs - strike.latestMs))
  const problem = `${what} has ${showDuration(within.value)}, and the load ends ${left} after the ${strike.harm.is} begins.`
  report(within.at, 'expectation-unobservable', problem, 'begin it sooner, or expect it sooner.')
}

/** Times that count from the healing. */
function afterHealing(what: string, within: Placed<number>, strike: Strike | undefined, report: Report): void {
  if (strike !== undefined) beforeLoadEnds(what, within, strike, latestHealing(strike), report)
}

/** A rollout is over when it is complete, and a release when it is rolled back. The plan knows only when that must be at the latest. */
function latestHealing({ harm, latestMs, toMs }: Strike): number {
  const draft = actOf(harm)
  if (draft?.times !== undefined) return toMs + draft.times.undone.within.value
  return draft !== undefined && keptWhenDone(draft.act) ? latestMs + completion(harm) : toMs
}

function beforeLoadEnds(
  what: string,
  within: Placed<number>,
  { harm, totalMs }: Strike,
  fromMs: number,
  report: Report,
): void {
  if (fromMs + within.value <= totalMs) return
  const left = showDuration(Math.max(0, totalMs - fromMs))
  const problem = `${what} has ${showDuration(within.value)}, and the load ends ${left} after the ${harm.is}.`
  const next =
    harm.lasts === undefined && harm.is === 'action'
      ? 'give the action a time (for: 30s)'
      : `add a phase after the ${harm.is}`
  report(within.at, 'expectation-unobservable', problem, `${next}, or expect ${what.toLowerCase()} sooner.`)
}

const completion = ({ expect }: HarmDraft): number =>
  expect.reduce(
    (longest, { value }) => (value.kind === 'completes' ? Math.max(longest, value.value.within.value) : longest),
    0,
  )

/** Of all faults and actions. */
export const reactionsOf = ({ faults, actions }: Draft) =>
  [...(faults?.value ?? []), ...(actions?.value ?? [])].flatMap(({ value }) => value.expect ?? [])
