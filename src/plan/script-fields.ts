/** Reads fields of a k6 scenario as k6 prints them: durations such as `1m30s`, whole numbers, stages. */
import type { K6Scenario } from '../domain/script.ts'

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** k6 takes Go's durations, and a bare number as milliseconds. Undefined if the field is not there. */
export function durationField(scenario: K6Scenario, field: string): number | undefined {
  return durationMs(scenario[field])
}

export function durationMs(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value === '') return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value)
  return [...value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (UNIT_MS[unit ?? ''] ?? 0),
    0,
  )
}

export function countField(scenario: K6Scenario, field: string): number | undefined {
  const value = scenario[field]
  return typeof value === 'number' ? value : undefined
}

export function stagesField({
  stages,
}: K6Scenario): readonly { readonly durationMs: number; readonly target: number }[] {
  if (!Array.isArray(stages)) return []
  return stages.map((stage: { readonly duration?: unknown; readonly target?: unknown }) => ({
    durationMs: durationMs(stage.duration) ?? 0,
    target: typeof stage.target === 'number' ? stage.target : 0,
  }))
}
