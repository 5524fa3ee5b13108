/** What k6 says about a script when it loads it. Plain data, so that `plan` can show and schedule the script's own load. */

export type ScriptFacts = {
  /** Builds its options from the load plan (`loadOptions`). Otherwise matchday sets the load from outside, and the script needs no change. */
  readonly usesLibrary: boolean
  /** Names of the exported functions. */
  readonly functions: readonly string[]
  /** The script's `options.scenarios`. Shortcuts such as `vus` and `duration` are resolved by k6 to a scenario `default`. */
  readonly scenarios: Readonly<Record<string, K6Scenario>>
  readonly thresholds: readonly ScriptThreshold[]
  /** k6 loads a bundle of it, and not the script itself. */
  readonly bundled: boolean
}

/** One entry of k6's `options.scenarios`, as k6 writes it. https://grafana.com/docs/k6/latest/using-k6/scenarios/ */
export type K6Scenario = Readonly<Record<string, unknown>> & { readonly executor: string }

/** A threshold of a script; `metric` may carry tags: `http_req_duration{name:login}`. */
export type ScriptThreshold = { readonly metric: string; readonly expression: string; readonly abortOnFail: boolean }

/** Why a closed model proves less. Said in the plan and in the report. */
export const CLOSED_MODEL =
  'a closed model: each VU waits for its answer, so a slow platform gets less load and its slowness is hidden (coordinated omission); an arrival-rate executor shows it.'
