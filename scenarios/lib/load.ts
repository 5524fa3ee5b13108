/**
 * k6 options from the load plan. Each profile of the plan becomes an entry of `options.scenarios` that calls the script's exported
 * function of the same name (`forged-webhook` calls `forgedWebhook`); `sockets` and `zero` are exported by every script that has them in its plan.
 */
import exec from 'k6/execution'
import http from 'k6/http'
import type { Options, Scenario } from 'k6/options'
import type { LoadPlan, LoadStage } from '../../src/domain/timeline.ts'
import { isSome, type Some } from '../../src/domain/units.ts'
import { ZERO_MARK } from '../../src/wire/load-plan.ts'
import { RATE_UNIT_SECONDS, runnableStages, totalMs, wholeRate } from './intended-start.ts'
import { plan } from './plan.ts'
import { expectSeries, profileSeries, settleSeries } from './series.ts'
import { CLIENT_TIMEOUT_MS, socketVus, vusFor } from './sizing.ts'

// What http_req_failed says is counted by reason in md_bad, so the sample is saved. (k6 takes null, @types/k6 2.3 does not know.)
Reflect.apply(http.setResponseCallback, http, [null])

export function loadOptions(load: LoadPlan = plan): Options {
  const profiles = load.profiles.map(
    ({ name, stages }) => [name, arrivalProfile(name, runnableStages(stages))] as const,
  )
  expectSeries(() => load.profiles.flatMap(({ name }) => profileSeries(name)))
  const stages = load.sockets?.stages ?? []
  return {
    scenarios: {
      ...Object.fromEntries(profiles),
      ...(isSome(stages) ? { sockets: socketProfile(stages) } : {}),
      zero: { executor: 'per-vu-iterations', exec: 'zero', vus: 1, iterations: 1, maxDuration: '5s' },
    },
    // Every further tag multiplies the series and costs CPU at each sample.
    systemTags: ['scenario'],
    discardResponseBodies: true,
    userAgent: 'matchday',
    setupTimeout: '60s',
    teardownTimeout: '10s',
  }
}

function arrivalProfile(name: string, stages: Some<LoadStage>): Scenario {
  const vus = vusFor(stages)
  return {
    executor: 'ramping-arrival-rate',
    exec: exportNameOf(name),
    startRate: wholeRate(stages[0].from),
    timeUnit: `${RATE_UNIT_SECONDS}s`,
    stages: [...stages.flatMap((stage, index) => k6Stages(stage, stages[index - 1])), ...tail(stages)],
    preAllocatedVUs: vus,
    maxVUs: vus,
    gracefulStop: `${CLIENT_TIMEOUT_MS + 1000}ms`,
  }
}

/** Names of profiles have hyphens, those of functions cannot. */
export const exportNameOf = (profile: string): string =>
  profile.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

type K6Stage = { duration: string; target: number }

/** k6 knows only where a stage ends, so a jump takes a stage of no length. */
function k6Stages({ durationMs, from, to }: LoadStage, before: LoadStage | undefined): K6Stage[] {
  const jump = before !== undefined && before.to !== from ? [{ duration: '0s', target: wholeRate(from) }] : []
  return [...jump, { duration: `${durationMs}ms`, target: wholeRate(to) }]
}

/**
 * An arrival that is due at the very end would be lost: k6 stops the profile before it, or rounding puts it behind the end. So the
 * last rate goes on for a microsecond, and the profile stays open for a second in which nothing is due.
 */
function tail(stages: Some<LoadStage>): K6Stage[] {
  const target = wholeRate(stages.at(-1)?.to ?? 0)
  return [
    { duration: '0.001ms', target },
    { duration: '0s', target: 0 },
    { duration: '1s', target: 0 },
  ]
}

function socketProfile(stages: Some<LoadStage>): Scenario {
  return {
    executor: 'per-vu-iterations',
    exec: 'sockets',
    vus: socketVus(stages),
    iterations: 1,
    maxDuration: `${totalMs(stages) + CLIENT_TIMEOUT_MS + 2000}ms`,
    gracefulStop: '1s',
  }
}

/** Says when the plan's time zero was. All profiles start together, so any of them knows. */
export function zero(): void {
  console.log(`${ZERO_MARK} ${exec.scenario.startTime}`)
}

/** Export it as it is, or call it at the end of your own. */
export function teardown(): void {
  settleSeries()
}
