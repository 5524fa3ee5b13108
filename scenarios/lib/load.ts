/**
 * k6 options from the load plan. Each profile of the plan becomes an entry of `options.scenarios` that calls the script's exported
 * function of the same name (`forged-webhook` calls `forgedWebhook`); `sockets` and `zero` are exported by every script that has them in its plan.
 */
import exec from 'k6/execution'
import http from 'k6/http'
import type { Options, Scenario } from 'k6/options'
import { arrivalStages, exportNameOf, runnableStages } from '../../src/domain/arrival-profile.ts'
import type { LoadPlan, LoadStage } from '../../src/domain/timeline.ts'
import { isSome, type Some } from '../../src/domain/units.ts'
import { LIBRARY_TEARDOWN, ZERO_MARK } from '../../src/wire/load-plan.ts'
import { totalMs } from './intended-start.ts'
import { plan } from './plan.ts'
import { expectSeries, profileSeries, settleSeries } from './series.ts'
import { CLIENT_TIMEOUT_MS, LAST_ATTEMPTS_MS, socketVus, vusFor } from './sizing.ts'

// What http_req_failed says is counted by reason in md_bad, so the sample is saved. (k6 takes null, @types/k6 2.3 does not know.)
Reflect.apply(http.setResponseCallback, http, [null])

export function loadOptions(load: LoadPlan = plan): Options {
  const profiles = load.profiles.map(
    ({ name, stages }) => [name, arrivalProfile(runnableStages(stages), name, load.runners)] as const,
  )
  expectSeries(() => load.profiles.flatMap(({ name }) => profileSeries(name)))
  const stages = load.sockets?.stages ?? []
  return {
    scenarios: {
      ...Object.fromEntries(profiles),
      ...(isSome(stages) ? { sockets: socketProfile(stages, load.runners) } : {}),
      zero: { executor: 'per-vu-iterations', exec: 'zero', vus: load.runners ?? 1, iterations: 1, maxDuration: '5s' },
    },
    // Every further tag multiplies the series and costs CPU at each sample.
    systemTags: ['scenario'],
    discardResponseBodies: true,
    userAgent: 'matchday',
    setupTimeout: '60s',
    teardownTimeout: '10s',
  }
}

function arrivalProfile(stages: Some<LoadStage>, name: string, runners: number | undefined): Scenario {
  const vus = vusFor(stages, runners)
  return {
    executor: 'ramping-arrival-rate',
    exec: exportNameOf(name),
    ...arrivalStages(stages),
    preAllocatedVUs: vus,
    maxVUs: vus,
    gracefulStop: `${LAST_ATTEMPTS_MS}ms`,
  }
}

function socketProfile(stages: Some<LoadStage>, runners: number | undefined): Scenario {
  return {
    executor: 'per-vu-iterations',
    exec: 'sockets',
    vus: socketVus(stages, runners),
    iterations: 1,
    maxDuration: `${totalMs(stages) + CLIENT_TIMEOUT_MS + 2000}ms`,
    gracefulStop: '1s',
  }
}

/** Says when the plan's time zero was. All profiles start together, so any of them knows. Each runner has one VU that says it. */
export function zero(): void {
  console.log(`${ZERO_MARK} ${exec.scenario.startTime}`)
}

/** Export it as it is, or call it at the end of your own. */
export function teardown(): void {
  settleSeries()
}

// Each runner settles its own series, while a teardown of the script runs once for all of them (src/adapters/k6/entry.ts).
Reflect.set(globalThis, LIBRARY_TEARDOWN, teardown)
