/** Findings: how they are made, which cause leads, and what to do next. A cause is stable: pipelines match on it. */
import type { Finding } from '../../domain/verdict.ts'

/** In the order of telling power: what stands first explains what follows, and makes the summary. */
const causes = {
  'not-healed': 'Run `matchday heal` for this target, then look at the cluster before the next rehearsal.',
  'run-stopped': 'Mend what stopped the run, then run it again.',
  'run-incomplete': 'Run `matchday heal` if a fault was under way, then run the rehearsal again.',
  'load-missing': 'Look at the k6 log in the run folder: the load never started.',
  'load-crashed': 'Look at the k6 log in the run folder, and run the scenario alone with `k6 run`.',
  'generator-starved':
    'Give the generator more CPU (another machine, fewer neighbours) or lower the load factor in the target file.',
  'fault-unproven':
    'Check the selector of the chaos file and the witness: metric, source, and that it has traffic before the fault.',
  'fault-not-recovered':
    'Look at the chaos object and at the witness after healing; allow more time in the last phase.',
  'double-charge':
    'Take the named keys or buckets to both books: an unknown charge must be voided or confirmed before the second provider is asked.',
  unreconciled: 'Compare the two books bucket by bucket; look for charges that were never booked or voided.',
  'ledger-unbalanced': 'Find the booking whose debit and credit differ: each must be written in one transaction.',
  unsettled:
    'Look at what is pending: the outbox, the sweeper of unknown charges and the webhooks must drain by themselves.',
  'failover-missing': 'Check that calls time out, that the breaker opens, and that the second provider is configured.',
  'failover-late':
    'Shorten the time-out to the provider or let the breaker open earlier; both must fit below the budget.',
  'autoscaler-late':
    'Scale on the metric that the load moves (requests per pod) rather than on CPU, and check that nodes have room.',
  'budget-violated': 'Check maxUnavailable of the budget and of the Deployment, and what took the pods down.',
  'recovery-late': 'Look for breakers that stay open, pools that stay full, and retries that keep the platform busy.',
  'slo-missed': 'Look at the windows of this objective in the report: the phase or fault that spent the budget.',
  'ledger-unproven': 'Let the load run to its end, so that the client knows the outcome of each operation.',
  'evidence-lost': 'Look at the named source; the run must be repeated once it can be read.',
  'no-evidence': 'Check that the scenario, the target file and the rehearsal use the same names.',
  'slo-unproven': 'Run longer or with more load: `matchday plan` shows how many attempts the proof takes.',
  'slo-warning': 'The objective held only at its ceiling; find out what made responses slower than the target.',
  'fault-escaped':
    'Pods were born during the fault and were not covered: plan the fault after the ramp, or cover them by mode: all.',
  'residue-before': 'Something was left by an earlier run; `matchday heal` removes it.',
} as const satisfies Readonly<Record<string, string>>

export type Cause = keyof typeof causes

const rank = new Map(Object.keys(causes).map((cause, index) => [cause, index]))
const weights = { breach: 0, gap: 1, warning: 2 } as const

/** Lines shown with a finding; more of them prove no more. */
const LINES_MAX = 20

export function finding(
  weight: Finding['weight'],
  cause: Cause,
  subject: string,
  sentence: string,
  lines: readonly (number | undefined)[],
): Finding {
  return { weight, cause, subject, sentence, next: causes[cause], evidence: evidenceLines(lines) }
}

export function evidenceLines(lines: readonly (number | undefined)[]): readonly number[] {
  const known = new Set(lines.filter((line) => line !== undefined))
  return [...known].sort((a, b) => a - b).slice(0, LINES_MAX)
}

/** Breaches before gaps before warnings, then by telling power, then by name: the same for the same evidence, always. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const order = (each: Finding) => rank.get(each.cause) ?? rank.size
  return [...findings].sort(
    (a, b) =>
      weights[a.weight] - weights[b.weight] ||
      order(a) - order(b) ||
      compare(a.subject, b.subject) ||
      compare(a.sentence, b.sentence),
  )
}

/** By code units, so that no locale changes the order. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
