/**
 * The text that k6 gets. A plain script is not changed: an entry module imports it from where it lies, so that `open`, `import.meta.resolve`, proto files,
 * line numbers and TypeScript are as with `k6 run`. The entry sets the load of the plan, says when time zero is, and tells the thresholds at the end. A
 * bundle (`lib/measure`, or packages of npm) gets the same as a footer.
 */
import {
  EXPORTS_MARK,
  FIXTURES_MARK,
  INSPECT_VARIABLE,
  LIBRARY_TEARDOWN,
  PLAN_VARIABLE,
  STEWARD_VARIABLE,
  THRESHOLDS_MARK,
  ZERO_MARK,
} from '../../wire/load-plan.ts'

/** The scenario that tells time zero, and its function. */
export const ZERO_SCENARIO = 'matchday-zero'
const ZERO_FUNCTION = 'matchdayZero'

/** `script` and `exec` are in scope. */
const RUNTIME = `
const matchdayPlan = __ENV.${PLAN_VARIABLE} ? JSON.parse(open(__ENV.${PLAN_VARIABLE})) : {}
if (__ENV.${INSPECT_VARIABLE}) {
  const functions = Object.keys(script).filter((name) => typeof script[name] === 'function')
  console.log('${EXPORTS_MARK} ' + JSON.stringify(functions))
}
function matchdayOptions(given) {
  if (!matchdayPlan.outside) return given
  const { vus, duration, iterations, stages, ...rest } = given || {}
  const zero = { executor: 'per-vu-iterations', exec: '${ZERO_FUNCTION}', vus: matchdayPlan.runners || 1, iterations: 1, maxDuration: '5s' }
  return { ...rest, scenarios: { ...matchdayPlan.outside.scenarios, '${ZERO_SCENARIO}': zero } }
}
function matchdayTold() {
  console.log('${ZERO_MARK} ' + exec.scenario.startTime)
}
function matchdaySummary(data) {
  const told = Object.keys(data.metrics).flatMap((metric) => {
    const { thresholds, values } = data.metrics[metric]
    return Object.keys(thresholds || {}).map((expression) => ({ metric, expression, ok: thresholds[expression].ok, values }))
  })
  if (told.length > 0) console.log('${THRESHOLDS_MARK} ' + JSON.stringify(told))
  return script.handleSummary ? script.handleSummary(data) : {}
}
`

/** An ES module for a script at an absolute path. */
export function entryFor(script: string): string {
  const from = JSON.stringify(script)
  return `import exec from 'k6/execution'
import * as script from ${from}
export * from ${from}
export default script.default
${RUNTIME}
export const options = matchdayOptions(script.options)
export const ${ZERO_FUNCTION} = matchdayTold
export const handleSummary = matchdaySummary
`
}

/** A bundle with the same at its end, before its source map, so that its own lines stay where they are. */
export function bundleWithEntry(bundle: string): string {
  const footer = `;(() => {
const exec = require('k6/execution')
const script = { ...exports }
${RUNTIME}
if (script.options || matchdayPlan.outside) exports.options = matchdayOptions(script.options)
exports.${ZERO_FUNCTION} = matchdayTold
exports.handleSummary = matchdaySummary
})()
`
  return withFooter(bundle, footer)
}

/**
 * A bundle with its entry, for runners in the cluster. One pod, the steward, performs the script's own teardown for all runners; a runner only sends
 * the last values of its series.
 */
export function bundleForRunners(bundle: string): string {
  const footer = `;(() => {
const library = globalThis.${LIBRARY_TEARDOWN}
const own = exports.teardown && exports.teardown !== library ? exports.teardown : undefined
if (__ENV.${INSPECT_VARIABLE}) console.log('${FIXTURES_MARK} ' + JSON.stringify({ setup: Boolean(exports.setup), teardown: Boolean(own) }))
exports.teardown = (data) => {
  const wanted = __ENV.${STEWARD_VARIABLE} ? own : library
  return wanted && wanted(data)
}
})()
`
  return withFooter(bundle, footer)
}

function withFooter(bundle: string, footer: string): string {
  const map = bundle.lastIndexOf('//# sourceMappingURL=')
  return map < 0 ? `${bundle}\n${footer}` : `${bundle.slice(0, map)}${footer}${bundle.slice(map)}`
}
