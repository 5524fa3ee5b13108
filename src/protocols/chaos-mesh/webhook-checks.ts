/**
 * Checks that the validating webhooks of several kinds have in common. Each problem names the field twice: as the user wrote it, and as
 * Chaos Mesh's Go structures spell it, embedded types included, because that is what users find when they search for a message.
 */
import type { PodSelector } from './common.ts'
import { parseGoDuration, parseGoFloat, parseGoInteger } from './go-text.ts'

export type WebhookProblem = { readonly path: string; readonly message: string }

export const invalid = (path: string, goPath: string, value: unknown, problem: string): WebhookProblem => ({
  path,
  message: `${goPath}: Invalid value: ${value === undefined ? 'null' : JSON.stringify(value)}: ${problem}`,
})

/** `goPaths`: embedded types check the value once each. */
export function valueRefused(selector: PodSelector, path: string, ...goPaths: readonly string[]): WebhookProblem[] {
  const problem = valueProblem(selector)
  if (problem === undefined) return []
  return goPaths.map((goPath) => invalid(`${path}.value`, `${goPath}.value`, selector.value ?? '', problem))
}

function valueProblem({ mode, value = '' }: PodSelector): string | undefined {
  if (mode === 'one' || mode === 'all') return undefined
  const number = parseGoInteger(value)
  if (!number.ok) return `parse value field error:${number.error}`
  if (mode === 'fixed') return number.value > 0 ? undefined : `value must be greater than 0 with mode:${mode}`
  const inRange = number.value > 0 && number.value <= 100
  return inRange ? undefined : `value of ${number.value} is invalid, Must be (0,100] with mode:${mode}`
}

export function durationRefused(
  value: string | undefined,
  path = 'spec.duration',
  goPath = 'Spec.Duration',
): WebhookProblem[] {
  if (value === undefined || value === '') return []
  const parsed = parseGoDuration(value)
  return parsed.ok ? [] : [invalid(path, goPath, value, `parse duration field error: ${parsed.error}`)]
}

export function floatRefused(value: string | undefined, path: string, goPath: string): WebhookProblem[] {
  if (value === undefined) return []
  const parsed = parseGoFloat(value)
  return parsed.ok ? [] : [invalid(path, goPath, value, `parse correlation field error:${parsed.error}`)]
}
