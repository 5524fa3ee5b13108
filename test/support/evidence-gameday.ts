/**
 * The run of `everything`, as a GameDay: what people agreed on, two gates, notes, decisions and a runbook, required states, an accepted finding, two
 * objectives of one indicator, and a fault whose healing ends after the load.
 */
import type { Evidence } from '../../src/domain/evidence.ts'
import type { RequiredState } from '../../src/domain/required-state.ts'
import { millis, seconds } from '../../src/domain/units.ts'
import { acceptance, accepting } from './accepting.ts'
import { mapped, place, scrapes, secondAt, together } from './evidence.ts'
import { everything } from './evidence-everything.ts'

const [ana, bo] = [
  { by: 'Ana', role: 'owner', via: 'page' } as const,
  { by: 'Bo <coordinator>', role: 'coordinator', via: 'terminal' } as const,
]
const step = (name: string) => ({ kind: 'ticks' as const, step: name, withinMs: millis(60_000), at: place })
const queue = { kind: 'gauge', of: 'broker', where: { queue: 'mail' }, pods: 'max', at: place } as const
const reaches: readonly RequiredState[] = [
  { ...queue, metric: 'waiting', atLeast: 100 },
  { ...queue, metric: 'retried', atLeast: 100 },
]

export function gameday(): Evidence[] {
  const headed = mapped(everything(), 'run-started', (head) => ({
    ...head,
    rehearsal: {
      ...head.rehearsal,
      reaches,
      slos: [
        head.rehearsal.slos[0],
        ...head.rehearsal.slos
          .slice(1)
          .flatMap((slo) =>
            slo.kind === 'latency' && slo.sli === 'api'
              ? [slo, { ...slo, targetMs: millis(slo.targetMs * 2), ceilingMs: millis(slo.ceilingMs * 2) }]
              : [slo],
          ),
      ],
      expectations: [
        ...head.rehearsal.expectations,
        {
          kind: 'human' as const,
          at: place,
          reactions: [
            { kind: 'declares' as const, withinMs: millis(60_000), at: place },
            { kind: 'mitigates' as const, withinMs: millis(60_000), at: place },
            step('open the breaker'),
            step('tell <b>support</b>'),
          ],
        },
      ],
      gameday: {
        briefing: 'A zone and a payment provider disappear while the derby is on.',
        timeboxMs: seconds(5400),
        roles: [
          { role: 'owner' as const, name: 'Ana' },
          { role: 'coordinator' as const, name: 'Bo <coordinator>' },
          { role: 'observer' as const, name: 'Dora' },
        ],
        checklist: ['on-call knows', 'the support team knows', 'dashboards are open'],
      },
    },
  }))
  const [fault = 'psp-a down'] = headed.flatMap((each) => (each.kind === 'fault-step' ? [each.fault] : []))
  const about = { about: fault }
  const said: readonly Evidence[] = [
    { kind: 'note', at: secondAt(20), ...bo, is: 'note', text: 'Dashboards are open, everybody is here.' },
    { kind: 'fault-step', at: secondAt(40), fault, step: { is: 'gate-opened', by: 'owner' } },
    { kind: 'decision', at: secondAt(44), ...ana, what: 'go', ...about, reason: 'baseline is calm', seen: 200 },
    { kind: 'fault-step', at: secondAt(45), fault, step: { is: 'gate-closed', answer: 'go', who: 'Ana' } },
    { kind: 'note', at: secondAt(78), ...bo, is: 'declared', text: 'SEV2, Ana leads', ...about },
    { kind: 'note', at: secondAt(84), ...ana, is: 'step', text: 'open the breaker', ...about },
    { kind: 'note', at: secondAt(90), ...bo, is: 'mitigated', text: 'traffic is on the second provider' },
    { kind: 'note', at: secondAt(120), ...bo, is: 'follow-up', text: 'alert on open breakers' },
    { kind: 'note', at: secondAt(130), ...ana, is: 'follow-up', text: 'the dashboard was green for 20 s too long' },
  ]
  const gauge = (metric: string, most: number) =>
    scrapes('broker', 'broker-0', metric, (second) => (second === 70 ? most : 3), { queue: 'mail' })
  const all = together(headed, said, gauge('waiting', 130), gauge('retried', 90))
  return accepting(all, acceptance('slo-missed'))
}
