/** How k6's metrics are called when they are pushed. */
export const counter = (name: string): string => `k6_${name}_total`
/** Counts of a Rate's values, by `condition` zero or nonzero; only from OpenTelemetry. */
export const rateCounter = (name: string): string => `k6_${name}_rate_total`
export const trend = (name: string): string => `k6_${name}_seconds`
export const gauge = (name: string): string => `k6_${name}`
