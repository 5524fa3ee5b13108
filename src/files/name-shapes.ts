/** Shapes of names, paths and times that many keys use. */
import { duration } from './quantities.ts'
import { need } from './record.ts'
import { placed, type Shape, table, text } from './shape.ts'

// Used in run names, Kubernetes names and folder names.
const dnsName = { form: 'a name of lower-case letters, digits and hyphens', example: 'carrier-down-at-peak' }
export const dnsLabel = (max: number): Shape<string> =>
  text({ ...dnsName, pattern: new RegExp(`^[a-z0-9]([a-z0-9-]{0,${max - 2}}[a-z0-9])?$`) })

/** Name of an object in Kubernetes, which for most kinds may hold dots (RFC 1123 subdomain). */
export const objectName = (example: string): Shape<string> =>
  text({
    form: 'the name of an object',
    example,
    pattern: /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
  })

export const title = (example: string): Shape<string> =>
  text({ form: 'a short name', example, pattern: /^[A-Za-z0-9]([A-Za-z0-9 ._-]{0,58}[A-Za-z0-9])?$/ })
export const path = (example: string): Shape<string> =>
  text({ form: 'a path relative to this file', example, pattern: /^[^\s].*$/ })
export const name = (form: string, example: string): Shape<string> => text({ form, example })

/** Key of an env table. `K6_…` would change k6's own options, and `MATCHDAY_…` the plan. */
export const variable = {
  form: 'the name of an environment variable that does not begin with K6_ or MATCHDAY_',
  example: 'BASE_URL',
  pattern: /^(?!K6_|MATCHDAY_)[A-Za-z_][A-Za-z0-9_]*$/,
}

export const metricName: Shape<string> = text({
  form: 'the name of a metric',
  example: 'carrier_requests_total',
  pattern: /^[a-zA-Z_:][a-zA-Z0-9_:]*$/,
})
const metricLabel = { form: 'the name of a metric label', example: 'outcome', pattern: /^[a-zA-Z_][a-zA-Z0-9_]*$/ }
/** Series of a metric, chosen by their labels. */
export const seriesLabels = table(metricLabel, text({ form: 'the value of a label', example: 'done' }))

export const sli = placed(name('the name of an indicator', 'checkout'))
export const source = (example: string) => placed(name('the name of a source in the target file', example))
export const within = (what: string) => need(placed(duration()), what)
