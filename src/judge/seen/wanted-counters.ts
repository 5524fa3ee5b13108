/** Which of the platform's counters and gauges a rehearsal's rules need; everything else that was scraped is only drawn. */
import { asCutover, migrationOf } from '../../domain/action.ts'
import { REQUESTS, WRITABLE } from '../../domain/metric-names.ts'
import {
  callsTo,
  type Expectation,
  metricsBySource,
  type Reaction,
  type Rehearsal,
  type ScalingMetric,
  type Target,
} from '../../domain/rehearsal.ts'
import { type RequiredState, stateName } from '../../domain/required-state.ts'
import { canaryCounters } from './canary-counters.ts'
import type { Wanted } from './counters.ts'
import { followCounters } from './follow-counters.ts'
import type { Seen } from './seen.ts'

type BacksOff = Extract<Reaction, { kind: 'backs-off' }>
type Amplification = Extract<Reaction, { kind: 'amplification' }>
type Connections = Extract<Expectation, { kind: 'connections' }>

export const witnessId = (fault: string): string => `witness:${fault}`
export const approvedId = (provider: string): string => `approved:${provider}`
/** Calls that were made and brought nothing: a breaker that is open makes none. */
export const vainIds = (target: Target, provider: string): readonly string[] =>
  (callsTo(target, provider)?.outcomes.inVain ?? []).map((outcome) => vainId(provider, outcome))
const vainId = (provider: string, outcome: string): string => `vain:${provider}:${outcome}`
/** Calls that the breaker did not let through, and calls that ended at all. */
export const openId = (provider: string): string => `open:${provider}`
export const endedId = (provider: string): string => `ended:${provider}`
/** The counter behind these, for sentences. */
export const counterOf = ({ run }: Seen, provider: string): string =>
  callsTo(run.head.target, provider)?.counter ?? 'no counter of the target file'
/** Answers with a status that refuses, counted by whoever gave or passed them on. */
export const REFUSALS = ['401', '403', '429'] as const
export const refusedId = (status: string): string => `refused:${status}`
/** Read in every source that exposes requests. Their totals are enough, so no source is scraped more often for them. */
export const refusalCounters: readonly Wanted[] = REFUSALS.map((code) => ({
  id: refusedId(code),
  metric: REQUESTS,
  labels: { code },
  sparse: true,
}))
export const requestsId = (autoscaler: string): string => `requests:${autoscaler}`
export const backsOffId = (harm: string, { of, metric, where }: BacksOff): string =>
  `backs-off:${harm}:${of}:${metric}:${JSON.stringify(where)}`
export const amplificationIds = (harm: string, { of, attempts, operations }: Amplification) => ({
  attempts: `attempts:${harm}:${of}:${attempts}`,
  operations: `operations:${harm}:${of}:${operations}`,
})
export const connectionsId = ({ of, metric, where, pods }: Connections): string =>
  `connections:${pods}:${of}:${metric}:${JSON.stringify(where)}`
/** Two states of one series differ in what they must reach or in how its pods are combined. */
export const requiredId = (state: RequiredState): string =>
  `required:${stateName(state)}:${state.kind === 'gauge' ? state.pods : ''}`
export const scalesOnId = (autoscaler: string, phase: string): string => `scales-on:${autoscaler}:${phase}`
export const writableId = (database: string): string => `writable:${database}`

export function wantedCounters(rehearsal: Rehearsal, target: Target): readonly Wanted[] {
  const witnesses = rehearsal.faults.flatMap(({ name, witness }): readonly Wanted[] =>
    witness.kind === 'rate'
      ? [{ id: witnessId(name), source: witness.of, metric: witness.metric, labels: witness.where }]
      : [],
  )
  const sources = metricsBySource(target)
  const requests = rehearsal.expectations.flatMap((each): readonly Wanted[] =>
    each.kind === 'autoscaler' && sources.has(each.name)
      ? [{ id: requestsId(each.name), source: each.name, metric: REQUESTS, labels: {} }]
      : [],
  )
  const required = (rehearsal.reaches ?? []).flatMap((state): readonly Wanted[] =>
    state.kind === 'rate'
      ? [{ id: requiredId(state), source: state.of, metric: state.metric, labels: state.where }]
      : [],
  )
  const harms = [...rehearsal.faults, ...rehearsal.actions]
  return [
    ...witnesses,
    ...requests,
    ...scalingMetrics(rehearsal, 'rate'),
    ...required,
    ...canaryCounters(rehearsal),
    ...followCounters(rehearsal),
    ...regionCounters(rehearsal, target),
    ...harms.flatMap(({ name, expect }) => expect.flatMap((each) => ofReaction(name, each, target))),
  ]
}

/** Requests that a region has served. */
export const servedId = (plan: string, side: 'from' | 'to'): string => `served:${plan}:${side}`

function regionCounters({ actions }: Rehearsal, { cutovers = {} }: Target): readonly Wanted[] {
  return actions.flatMap(({ act }): readonly Wanted[] => {
    const plan = asCutover(act)?.plan
    const served = plan === undefined ? undefined : cutovers[plan]?.served
    if (plan === undefined || served === undefined) return []
    const { metric, where } = served
    return (['from', 'to'] as const).map((side) => ({
      id: servedId(plan, side),
      source: served[side],
      metric,
      labels: where,
    }))
  })
}

function ofReaction(harm: string, reaction: Reaction, target: Target): readonly Wanted[] {
  switch (reaction.kind) {
    case 'failover':
      return [...callsOf(target, reaction.from), ...callsOf(target, reaction.to)]
    case 'backs-off': {
      const { of, metric, where } = reaction
      return [{ id: backsOffId(harm, reaction), source: of, metric, labels: where }]
    }
    case 'amplification': {
      const { of, attempts, operations } = reaction
      const ids = amplificationIds(harm, reaction)
      return [
        { id: ids.attempts, source: of, metric: attempts, labels: {} },
        { id: ids.operations, source: of, metric: operations, labels: {} },
      ]
    }
    default:
      return []
  }
}

function callsOf(target: Target, provider: string): readonly Wanted[] {
  const calls = callsTo(target, provider)
  if (calls === undefined) return []
  const { counter, labels, outcomes } = calls
  const ofProvider = { metric: counter, labels: { [labels.provider]: provider } }
  const by = (outcome: string) => ({ ...ofProvider, labels: { ...ofProvider.labels, [labels.outcome]: outcome } })
  return [
    { id: approvedId(provider), ...by(outcomes.done) },
    ...outcomes.inVain.map((outcome) => ({ id: vainId(provider, outcome), ...by(outcome), sparse: true })),
    ...(outcomes.keptAway === undefined ? [] : [{ id: openId(provider), ...by(outcomes.keptAway), sparse: true }]),
    { id: endedId(provider), ...ofProvider },
  ]
}

/** How long statements wait for locks while a migration runs. */
export const lockWaitId = (migration: string): string => `lock-wait:${migration}`

function lockWaits({ actions }: Rehearsal, { migrations = {} }: Target): readonly Wanted[] {
  return actions.flatMap(({ act }): readonly Wanted[] => {
    const run = migrationOf(act)?.run
    const waits = run === undefined ? undefined : migrations[run]?.waits
    if (run === undefined || waits === undefined) return []
    return [{ id: lockWaitId(run), source: waits.source, metric: waits.metric, labels: {}, pods: 'max' }]
  })
}

export function wantedGauges(rehearsal: Rehearsal, target: Target): readonly Wanted[] {
  const connections = rehearsal.expectations.flatMap((each): readonly Wanted[] =>
    each.kind === 'connections'
      ? [{ id: connectionsId(each), source: each.of, metric: each.metric, labels: each.where, pods: each.pods }]
      : [],
  )
  const databases = [...rehearsal.faults, ...rehearsal.actions].flatMap(({ expect }) =>
    expect.flatMap((each) => (each.kind === 'promotes' ? [each.database] : [])),
  )
  const writable = [...new Set(databases)].map(
    (database): Wanted => ({ id: writableId(database), source: database, metric: WRITABLE, labels: {} }),
  )
  const required = (rehearsal.reaches ?? []).flatMap((state): readonly Wanted[] =>
    state.kind === 'gauge'
      ? [{ id: requiredId(state), source: state.of, metric: state.metric, labels: state.where, pods: state.pods }]
      : [],
  )
  return [
    ...connections,
    ...writable,
    ...required,
    ...scalingMetrics(rehearsal, 'gauge'),
    ...lockWaits(rehearsal, target),
  ]
}

const scalingMetrics = ({ expectations }: Rehearsal, kind: ScalingMetric['kind']): readonly Wanted[] =>
  expectations.flatMap((each): readonly Wanted[] => {
    if (each.kind !== 'autoscaler' || each.scalesOn?.kind !== kind) return []
    const { of, metric, where } = each.scalesOn
    const pods = each.scalesOn.kind === 'gauge' ? { pods: each.scalesOn.pods } : {}
    return [{ id: scalesOnId(each.name, each.phase), source: of, metric, labels: where, ...pods }]
  })
