/** What can be told otherwise of the stock run, and how it is told when all is well. */
import type { HpaSeen } from '../../src/domain/cluster.ts'
import type { EvidenceOf, FaultStepData } from '../../src/domain/evidence.ts'
import type { Rehearsal } from '../../src/domain/rehearsal.ts'
import type { BookKeys, Operation } from './evidence-money.ts'
import { rehearsal } from './evidence-rehearsal.ts'

/** What one second adds for one SLI. */
export type SecondOfSli = { good: number; bad: number; slow: number; overCeiling: number; reason: string }
export type SecondOfLoad = {
  login: SecondOfSli
  deposit: SecondOfSli
  bet: SecondOfSli
  'ws-rtt': SecondOfSli
  /** Arrivals dropped; those due that appear nowhere never ran. */
  dropped: Record<'login' | 'deposit' | 'bet', number>
}

export type Story = {
  readonly rehearsal: Rehearsal
  /** Seconds of load that really ran; less than 160 with another outcome than completed. */
  readonly lasts: number
  readonly outcome: 'completed' | 'stopped' | 'crashed'
  readonly stop: { readonly by: 'operator' | 'guardrail' | 'failure'; readonly reason: string } | undefined
  /** Changes what a second of load brought. */
  readonly load: (second: number, load: SecondOfLoad) => void
  /** Deposits and bets whose outcome the client never learnt: how many, and how many of them are committed all the same. */
  readonly unknown: Readonly<Record<Operation, { readonly asked: number; readonly committed: number }>>
  readonly lagMs: (second: number) => number
  readonly health: (second: number) => { readonly cpuCores: number; readonly hostBusy: number }
  /** Steps of the fault by second; the healthy ones are injected at 65 and healed at 90. */
  readonly steps: readonly (readonly [second: number, step: FaultStepData])[]
  /** Calls a second that reach psp-a, and charges a second that payments-api saw approved. */
  readonly pspCalls: (second: number) => number | 'unanswered'
  readonly approved: (second: number) => { readonly a: number; readonly b: number }
  readonly hpa: (second: number) => Pick<HpaSeen, 'desired' | 'metrics'> | undefined
  /** Pods of payments-api: scheduled and ready. */
  readonly pods: (second: number) => { readonly scheduled: number; readonly ready: number }
  readonly budget: (
    second: number,
  ) => { readonly healthy: number; readonly wanted: number; readonly expected: number } | undefined
  /** Changes which keys each book holds. */
  readonly books: (books: BookKeys) => void
  readonly residue: EvidenceOf<'residue'>['items']
  readonly healed: boolean
}

/** The plan's factor in the middle of its stages, ramps included. */
const factor = (second: number) =>
  second < 25
    ? 1
    : second < 35
      ? 1 + (1.5 * (second - 25)) / 10
      : second < 125
        ? 2.5
        : second < 130
          ? 2.5 - (1.5 * (second - 125)) / 5
          : 1
const inFault = (second: number) => second > 65.4 && second <= 90

export const healthySteps: Story['steps'] = [
  [65, { is: 'admitted', pods: ['payments-api-1'], candidates: 6, limit: 3, note: 'mode all' }],
  [65.1, { is: 'created', namespace: 'casino', name: 'psp-down', uid: 'u1' }],
  [65.4, { is: 'injected', pods: ['payments-api-1', 'payments-api-2'] }],
  [66, { is: 'coverage', covered: 6, matching: 6, escaped: [] }],
  [90, { is: 'heal-requested' }],
  [90.3, { is: 'healed' }],
]

/** Requests per second and pod of payments-api, as the HPA shows them. */
export const scalesOut: Story['hpa'] = (second) => {
  const pods = podsOf(second).ready
  const value = (22 * factor(second)) / pods
  return {
    desired: second < 30 ? 2 : second < 140 ? 6 : 3,
    metrics: [{ metric: 'Pods/rps_per_pod', target: 12, value }],
  }
}
const podsOf: Story['pods'] = (second) =>
  second < 32 ? { scheduled: 2, ready: 2 } : second < 40 ? { scheduled: 6, ready: 2 } : { scheduled: 6, ready: 6 }

export const healthy: Story = {
  rehearsal,
  lasts: 160,
  outcome: 'completed',
  stop: undefined,
  load: () => undefined,
  unknown: { deposit: { asked: 0, committed: 0 }, bet: { asked: 0, committed: 0 } },
  lagMs: () => 2,
  health: () => ({ cpuCores: 0.4, hostBusy: 0.62 }),
  steps: healthySteps,
  pspCalls: (second) => (inFault(second) ? 0 : 22 * factor(second)),
  approved: (second) => {
    const rate = 22 * factor(second)
    // The breaker opens some three seconds into the fault.
    if (!inFault(second)) return { a: rate, b: 0 }
    return { a: 0, b: second < 68 ? rate * 0.3 : rate }
  },
  hpa: scalesOut,
  pods: podsOf,
  budget: (second) => {
    const { ready, scheduled } = podsOf(second)
    return { healthy: ready, wanted: scheduled - 1, expected: scheduled }
  },
  books: () => undefined,
  residue: [],
  healed: true,
}
