import { describe, expect, it } from 'vitest'
import { type Cause, type CauseRow, causeNames, causes } from '../../src/domain/causes.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { judge } from '../../src/judge/judge.ts'
import { evidence, toBad, without } from '../support/evidence.ts'
import { bookAt, cells, cutoverRun, deployed } from '../support/evidence-cutover.ts'
import { everything } from '../support/evidence-everything.ts'

const breaches = (records: readonly Evidence[]) =>
  judge(records)
    .findings.filter((each) => each.weight === 'breach')
    .map((each) => each.cause)

describe('the table of causes', () => {
  const runs = [
    everything(),
    evidence({ approved: (s) => ({ a: s > 65 && s < 90 ? 0 : 55, b: 0 }) }),
    evidence({ approved: (s) => ({ a: s > 65 && s < 90 ? 0 : 55, b: s > 80 && s < 90 ? 55 : 0 }) }),
    evidence({ load: (s, load) => s > 64 && s < 115 && toBad(load.deposit, 9, s < 90 ? 'timeout' : 'http-503') }),
    evidence({ books: (books) => void books['psp-b']?.deposit.push(1) }),
    cutoverRun({
      strays: 9,
      east: [deployed('shop-east', 'orders@sha256:b')],
      more: [
        bookAt(102.5, 'old-before', cells(9_000, 5, 3)),
        bookAt(105, 'new', cells(8_000, 0, 0)),
        [105.1, { is: 'regions-read', step: 'promote', from: 'yes', to: 'yes' }],
      ],
    }),
    evidence({ books: (books) => void books.wallet?.deposit.pop() }),
    evidence({ budget: (s) => ({ healthy: s > 100 ? 1 : 2, wanted: 2, expected: 2 }) }),
    evidence({ hpa: () => ({ desired: 2, metrics: [{ metric: 'Pods/rps_per_pod', target: 12, value: 20 }] }) }),
  ]
  // Listed here, because tests are repeated for each mutant, and what is judged when this file is loaded is not (ADR 40).
  const found: readonly Cause[] = [
    'autoscaler-late',
    'budget-violated',
    'double-charge',
    'failover-late',
    'failover-missing',
    'freeze-leaked',
    'promoted-before-caught-up',
    'queue-scaler-late',
    'recovery-late',
    'region-drift',
    'slo-missed',
    'sockets-not-drained',
    'split-brain',
    'time-out-missing',
    'too-few-survivors',
    'traffic-not-moved',
    'unreconciled',
  ]

  it('is checked on runs with many causes', () => {
    expect(new Set(runs.flatMap(breaches))).toEqual(new Set(found))
  })

  it.each(found)('%s is never a breach without its evidence', (cause) => {
    for (const run of runs) expect(breaches(without(run, ...causes[cause].needs))).not.toContain(cause)
  })

  it('lists needed evidence for every cause that can be a breach', () => {
    const rows: readonly (readonly [string, CauseRow])[] = causeNames.map((cause) => [cause, causes[cause]])
    const free = rows.filter(([, row]) => row.needs.length === 0 && row.missing !== 'itself')
    expect(free.map(([cause]) => cause)).toEqual([])
  })

  it.each(['double-charge', 'duplicate-booking', 'unreconciled', 'events-lost', 'promotion-lost-writes'] as const)(
    'a starved machine never excuses %s',
    (cause) => {
      expect(causes[cause].starved).toBe('stands')
    },
  )
})
