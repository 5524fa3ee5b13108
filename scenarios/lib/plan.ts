/** The plan that drives the load: the file that matchday wrote or, with plain `k6 run`, a small default. */
import type { LoadPlan } from '../../src/domain/timeline.ts'
import { millis, perSecond } from '../../src/domain/units.ts'
import { PLAN_VARIABLE, readLoadPlan } from '../../src/wire/load-plan.ts'

/** How often a socket is pinged; `-e PING_MS=500` changes it. */
export const PING_MS = Number(__ENV.PING_MS ?? 1000)

const planFile = __ENV[PLAN_VARIABLE]

export const plan: LoadPlan = planFile ? readLoadPlan(open(planFile)) : smallPlan()

/** Whether the plan drives a load profile. One that it does not drive emits nothing, and shows no series of its own. */
export const isPlanned = (profile: string): boolean =>
  profile === 'sockets' ? plan.sockets !== undefined : plan.profiles.some(({ name }) => name === profile)

/** The load profile that feeds an indicator. */
export const profileOf = (sli: string): string => (sli === plan.sockets?.sli ? 'sockets' : sli)

/** Ten seconds at five arrivals a second each, and ten sockets; `-e ENTRY=http://…` says where players enter, `-e RUN=…` names its keys. */
function smallPlan(): LoadPlan {
  const level = (value: number) =>
    [{ durationMs: millis(10_000), from: perSecond(value), to: perSecond(value) }] as const
  return {
    run: __ENV.RUN ?? 'plain',
    seed: 1,
    entry: __ENV.ENTRY ?? 'http://127.99.0.1:8080',
    profiles: ['login', 'deposit', 'bet'].map((name) => ({ name, stages: level(5) })),
    sockets: { lifetimeMs: millis(60_000), stages: level(10), sli: 'ws-rtt' },
    unions: {},
    limits: {},
  }
}
