/** Whether a reaction can be observed: it must make sense for its harm, and its time must fit into the run. */
import { showDuration } from '../../domain/show.ts'
import { actKeysOf } from '../harm.ts'
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
        const problem = `A failover from ${value.value.from.value} to itself is none.`
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
    case 'human':
      for (const { what, within } of humanTimes(value.value)) beforeTheEnd(what, within, strike, report)
      return checkHumanParts(value.value, reaction.at, report)
    case 'amplification':
    case 'undisturbed':
      return
  }
}

/** Both times of a release must fit: the first while it lasts, the second between the rollback and the end of the load. */
export function checkReleaseTimes(harm: HarmDraft, strike: Strike | undefined, report: Report): void {
  const release = harm.action?.value.release?.value
  if (release === undefined) return
  whileItLasts('The release', release.within, harm, strike, report)
  if (harm.lasts !== undefined && strike !== undefined)
    beforeLoadEnds('The rollback', release.rollBackWithin, strike, strike.toMs, report)
}

/** Some reactions belong to some harms only. */
function checkSense({ at, value }: ReactionDraft, { is, action }: HarmDraft, report: Report): void {
  if (value.kind === 'completes' && is === 'fault')
    report(
      at,
      'reaction-misplaced',
      'A fault has no end of its own that it could come to.',
      'remove this; a witness proves the fault.',
    )
  if (value.kind !== 'promotes' || action === undefined) return
  const [act] = actKeysOf(action)
  if (act !== undefined && !['promote', 'drain', 'powerOff', 'scale', 'rollout', 'release'].includes(act))
    report(
      at,
      'reaction-misplaced',
      'This action moves no database.',
      'expect it of what takes the primary away, or of promote.',
    )
  const { promote } = action.value
  if (promote === undefined || promote.database.value === value.value.database.value) return
  const problem = `The action moves ${promote.database.value}, and this speaks of ${value.value.database.value}.`
  report(value.value.database.at, 'reaction-misplaced', problem, `write ${promote.database.value}.`)
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
  if (strike === undefined || strike.fromMs + within.value <= strike.totalMs) return
  const left = showDuration(Math.max(0, strike.totalMs - strike.fromMs))
  const problem = `${what} has ${showDuration(within.value)}, and the load ends ${left} after the ${strike.harm.is} begins.`
  report(within.at, 'expectation-unobservable', problem, 'begin it sooner, or expect it sooner.')
}

/** Times that count from the healing. */
function afterHealing(what: string, within: Placed<number>, strike: Strike | undefined, report: Report): void {
  if (strike !== undefined) beforeLoadEnds(what, within, strike, latestHealing(strike), report)
}

/** A rollout is over when it is complete, and a release when it is rolled back: the plan knows only when that must be at the latest. */
function latestHealing({ harm, fromMs, toMs }: Strike): number {
  const { rollout, release } = harm.action?.value ?? {}
  if (release !== undefined) return toMs + release.value.rollBackWithin.value
  return rollout === undefined ? toMs : fromMs + completion(harm)
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
