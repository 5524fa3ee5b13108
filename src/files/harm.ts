/** Converts drafts of faults, actions and reactions to domain values. Only called if no issue was found. */
import type { SourcePoint } from '../domain/issue.ts'
import type { Act, ActionSpec, FaultSpec, Reaction, Witness } from '../domain/rehearsal.ts'
import { seconds } from '../domain/units.ts'
import { actsOf } from './acts.ts'
import { alertReactionsOf } from './alert.ts'
import type { ChaosFile } from './chaos-file.ts'
import { peopleReactionsOf } from './human.ts'
import type { ActionDraft, FaultDraft, ReactionDraft } from './rehearsal.ts'
import { beginOf } from './trigger.ts'

type WitnessDraft = FaultDraft['value']['witness']

export function faultOf({ at, value }: FaultDraft, { file, object, does }: ChaosFile): FaultSpec {
  if (does === undefined) throw new Error(`the object of ${file} was refused and let through`)
  return {
    name: value.name,
    during: value.during.value,
    ...beginOf(value),
    forMs: value.for.value,
    apply: file,
    object,
    does,
    witness: witnessOf(value.witness),
    expect: (value.expect ?? []).flatMap(reactionsOfDraft),
    ...(value.gate === undefined ? {} : { gate: { by: value.gate.value, opensMs: value.gateOpens ?? GATE_OPENS } }),
    at,
  }
}

/** Long enough to read the page once more and to ask in the room. */
export const GATE_OPENS = seconds(30)

function witnessOf({ at, value: { kind, value } }: WitnessDraft): Witness {
  const withinMs = value.within.value
  if (kind === 'ready') {
    const { ready, app, zone, becomes } = value
    return {
      kind: 'ready',
      what: ready,
      ...(app === undefined ? {} : { app: app.value }),
      ...(zone === undefined ? {} : { zone }),
      becomes,
      withinMs,
      at,
    }
  }
  const watched = { metric: value.rate.value, where: value.where ?? {}, of: value.of.value, withinMs, at }
  if (kind === 'rises') return { kind: 'rate', direction: 'rises', becomes: value.rises, ...watched }
  return { kind: 'rate', direction: 'falls', becomes: value.becomes, ...watched }
}

/** What is expected of people, or of an alert, is several reactions in one item. */
function reactionsOfDraft({ at, value }: ReactionDraft): readonly Reaction[] {
  if (value.kind === 'human') return peopleReactionsOf(value.value)
  return value.kind === 'alert' ? alertReactionsOf(at, value.value) : [reactionOf(at, value)]
}

function reactionOf(at: SourcePoint, value: Exclude<ReactionDraft['value'], { kind: 'human' | 'alert' }>): Reaction {
  switch (value.kind) {
    case 'failover': {
      const { from, to, within, failback } = value.value
      const stays = failback === 'none' ? { failback } : {}
      return { kind: 'failover', from: from.value, to: to.value, withinMs: within.value, ...stays, at }
    }
    case 'recovers':
      return { kind: 'recovers', sli: value.value.slo.value, withinMs: value.value.within.value, at }
    case 'reconnects': {
      const { share, within, thunderingHerd } = value.value
      const limit = thunderingHerd === undefined ? {} : { herdMax: thunderingHerd }
      return { kind: 'reconnects', share, withinMs: within.value, ...limit, at }
    }
    case 'survives': {
      const { app, ready, within } = value.value
      return { kind: 'survives', app, ready, withinMs: within.value, at }
    }
    case 'spreads': {
      const { app, zones, within } = value.value
      return { kind: 'spreads', app, zones, withinMs: within.value, at }
    }
    case 'circuitOpens': {
      const { rate, where, of, becomes, within } = value.value
      const watched = { metric: rate.value, where: where ?? {}, of: of.value }
      return { kind: 'backs-off', ...watched, becomes, withinMs: within.value, at }
    }
    case 'amplification': {
      const { of, attempts, operations, atMost } = value.value
      return {
        kind: 'amplification',
        of: of.value,
        attempts: attempts.value,
        operations: operations.value,
        atMost,
        at,
      }
    }
    case 'undisturbed':
      return { kind: 'undisturbed', sli: value.value.sli.value, badMax: value.value.bad, at }
    case 'completes':
      return { kind: 'completes', withinMs: value.value.within.value, at }
    case 'promotes': {
      const { database, slo, rto } = value.value
      return { kind: 'promotes', database: database.value, sli: slo.value, rtoMs: rto.value, at }
    }
  }
}

export const actionOf = (action: ActionDraft): ActionSpec => ({
  name: action.value.name,
  during: action.value.during.value,
  ...beginOf(action.value),
  ...(action.value.for === undefined ? {} : { forMs: action.value.for.value }),
  act: actOf(action),
  expect: (action.value.expect ?? []).flatMap(reactionsOfDraft),
  at: action.at,
})

function actOf({ value }: ActionDraft): Act {
  const [draft] = actsOf(value)
  if (draft === undefined) throw new Error('an action that does nothing was let through')
  return draft.act
}
