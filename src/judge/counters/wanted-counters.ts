/** Which of the platform's counters a rehearsal's rules need; everything else that was scraped is only drawn. */
import type { Rehearsal, Target } from '../../domain/rehearsal.ts'
import type { Wanted } from './counters.ts'

/** Names that the platform exposes (`wire/metrics.ts`; a test holds them equal, for the judge imports nothing but the domain). */
export const CHARGES = 'payments_charges_total'
export const REQUESTS = 'http_requests_total'

export const witnessId = (fault: string): string => `witness:${fault}`
export const approvedId = (provider: string): string => `approved:${provider}`
export const requestsId = (autoscaler: string): string => `requests:${autoscaler}`

export function wantedCounters(rehearsal: Rehearsal, target: Target): readonly Wanted[] {
  const witnesses = rehearsal.faults.flatMap(({ name, witness }): readonly Wanted[] =>
    witness.kind === 'rate'
      ? [{ id: witnessId(name), source: witness.of, metric: witness.metric, labels: witness.where }]
      : [],
  )
  const providers = new Set(
    rehearsal.faults.flatMap(({ expect }) =>
      expect.flatMap((each) => (each.kind === 'failover' ? [each.from, each.to] : [])),
    ),
  )
  const approvals = [...providers].map(
    (psp): Wanted => ({ id: approvedId(psp), metric: CHARGES, labels: { psp, outcome: 'approved' } }),
  )
  const requests = rehearsal.expectations.flatMap((each): readonly Wanted[] =>
    each.kind === 'autoscaler' && each.name in target.sources
      ? [{ id: requestsId(each.name), source: each.name, metric: REQUESTS, labels: {} }]
      : [],
  )
  return [...witnesses, ...approvals, ...requests]
}
