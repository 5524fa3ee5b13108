/** TimeChaos: the clocks of a container's processes are shifted. */
import type { CommonSpec } from '../common.ts'
import { parseGoDuration } from '../go-text.ts'
import type { FaultKind } from '../kind.ts'
import { commonFields, list, record, text } from '../schema.ts'
import { invalid, valueRefused, type WebhookProblem } from '../webhook-checks.ts'

export type TimeChaosSpec = CommonSpec & { readonly timeOffset: string; readonly clockIds?: readonly string[] }

export const timeChaos: FaultKind<TimeChaosSpec> = {
  schema: record(
    { ...commonFields, containerNames: list(text), timeOffset: text, clockIds: list(text) },
    'mode',
    'selector',
    'timeOffset',
  ),
  defaults: (spec) => (spec.clockIds === undefined ? { clockIds: ['CLOCK_REALTIME'] } : {}),
  // Chaos Mesh ignores the duration of this kind.
  refused: (spec) => [
    ...valueRefused(spec, 'spec', 'Spec', 'Spec.ContainerSelector', 'Spec.ContainerSelector.PodSelector'),
    ...offsetRefused(spec.timeOffset),
  ],
  doubtful: () => [],
  effect: () => 'shifts-clock',
  words: ({ timeOffset }) => [timeOffset],
  containers: () => [],
}

function offsetRefused(offset: string): WebhookProblem[] {
  const parsed = parseGoDuration(offset)
  if (parsed.ok) return []
  return [invalid('spec.timeOffset', 'Spec.TimeOffset', offset, `parse timeOffset field error: ${parsed.error}`)]
}
