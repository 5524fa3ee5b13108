/** PodChaos: kills pods or containers, or keeps a pod from running by an image that only sleeps. */
import type { CommonSpec } from '../common.ts'
import type { FaultKind } from '../kind.ts'
import { commonFields, list, oneOf, record, text, whole } from '../schema.ts'
import { durationRefused, invalid, valueRefused, type WebhookProblem } from '../webhook-checks.ts'

export type PodChaosSpec = CommonSpec & {
  readonly action: 'pod-kill' | 'pod-failure' | 'container-kill'
  readonly containerNames?: readonly string[]
  readonly gracePeriod?: number
}

export const podChaos: FaultKind<PodChaosSpec> = {
  schema: record(
    {
      ...commonFields,
      action: oneOf('pod-kill', 'pod-failure', 'container-kill'),
      containerNames: list(text),
      gracePeriod: whole({ minimum: 0, format: 'int64' }),
    },
    'action',
    'mode',
    'selector',
  ),
  refused: (spec) => [
    ...namesRefused(spec),
    ...durationRefused(spec.duration),
    ...valueRefused(spec, 'spec', 'Spec.ContainerSelector', 'Spec.ContainerSelector.PodSelector'),
  ],
  doubtful: () => [],
  effect: () => 'stops-pods',
  words: ({ action }) => [action],
  isOneShot: ({ action }) => action === 'pod-kill' || action === 'container-kill',
  containers: ({ action, containerNames = [] }) => (action === 'container-kill' ? containerNames : undefined),
}

function namesRefused({ action, containerNames }: PodChaosSpec): WebhookProblem[] {
  if (action !== 'container-kill' || (containerNames?.length ?? 0) > 0) return []
  const problem = 'the name of container is required on container-kill action: invalid value'
  return [invalid('spec.containerNames', 'Spec.containerNames', containerNames, problem)]
}
