/** Pods of a Job serve nobody: no rule about servers accuses them, whatever happens while they start, work and end. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import {
  drainA,
  drained,
  mapped,
  nodes,
  podLife,
  rolledOut,
  rollout,
  type Story,
  secondAt,
  seen,
  together,
  withActions,
} from '../../support/evidence.ts'
import { badAt, causesOf, shown } from '../../support/judged.ts'
import { it } from '../../support/reviewed.ts'

const ofJob = (records: readonly Evidence[]): Evidence[] =>
  mapped(records, 'object-seen', (record) =>
    record.object.resource === 'Pod'
      ? { ...record, object: { ...record.object, owner: { kind: 'Job', name: 'orders-schema' } } }
      : record,
  )

const pod = (changes: Partial<Parameters<typeof podLife>[0]>) =>
  podLife({ name: 'orders-schema-1', app: 'orders-schema', node: 'zone-a-api', born: 104, ...changes })

/** A container that ends at second 120 and is started again. */
const restarted = pod({ born: -2, ready: -1 }).flatMap((each) => {
  if (each.kind !== 'object-seen' || each.change === 'added') return [each]
  return [
    each,
    seen(120, { ...each.object, ready: false } as never),
    seen(122, { ...each.object, restarts: 1 } as never),
  ]
})
const answered = (code: string, value: number) => ({ name: 'http_requests_total', labels: { code }, value })
/** Good answers until second 115, errors for 30 s after it. */
const failing: Evidence[] = Array.from({ length: 161 }, (_, second) => ({
  kind: 'sample',
  at: secondAt(second),
  source: 'bets',
  pod: 'orders-schema-1',
  ok: true,
  series: [answered('200', Math.min(second, 115) * 5), answered('500', Math.max(0, Math.min(second, 145) - 115) * 5)],
}))
const dropped = ['a', 'b', 'c'].map((n) => `orders-schema-${n}`)

const rolling: Partial<Story> = { rehearsal: withActions(rollout) }
const draining: Partial<Story> = { rehearsal: withActions(drainA) }

describe('errors, restarts and ends of pods', () => {
  it.each<[string, Evidence[], Evidence[], Partial<Story>]>([
    ['early-errors-at-rollout', pod({ ready: 105 }), rolledOut, { ...rolling, load: badAt(105, 106) }],
    [
      'errors-at-shutdown',
      pod({ born: -2, ready: -1, ends: 103, gone: 108 }),
      rolledOut,
      { ...rolling, load: badAt(103, 104) },
    ],
    ['slow-termination', pod({ born: -2, ready: -1, ends: 100, gone: 110.2, grace: 10, killed: true }), [], {}],
    ['container-restarted', restarted, [], { load: badAt(119, 120, 121) }],
    ['ready-but-failing', pod({ born: -2, ready: -1 }), failing, {}],
    [
      'budget-missing',
      dropped.flatMap((name) => pod({ name, born: -2, ready: -1, ends: 101, gone: 106 })),
      drained(...dropped),
      draining,
    ],
  ])('are %s of a server, and nothing of a Job', (cause, life, more, story) => {
    const judged = (lives: readonly Evidence[]) => causesOf(shown(together(nodes(), more, lives), story))
    expect(judged(life)).toContain(cause)
    expect(judged(ofJob(life))).not.toContain(cause)
  })
})
