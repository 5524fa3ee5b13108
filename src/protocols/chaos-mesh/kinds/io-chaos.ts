/** IOChaos: file system calls on a volume are late, fail, or give other contents and attributes. */
import type { CommonSpec } from '../common.ts'
import type { FaultKind } from '../kind.ts'
import { commonFields, list, loose, oneOf, record, text, whole } from '../schema.ts'
import { durationRefused, valueRefused } from '../webhook-checks.ts'

export type IOChaosSpec = CommonSpec & { readonly action: string; readonly volumePath: string }

export const ioChaos: FaultKind<IOChaosSpec> = {
  schema: record(
    {
      ...commonFields,
      action: oneOf('latency', 'fault', 'attrOverride', 'mistake'),
      containerNames: list(text),
      volumePath: text,
      path: text,
      methods: list(text),
      percent: { type: 'integer', default: 100 },
      delay: text,
      errno: whole({ format: 'int32' }),
      attr: loose,
      mistake: record({
        filling: oneOf('zero', 'random'),
        maxOccurrences: whole({ minimum: 1, format: 'int64' }),
        maxLength: whole({ minimum: 1, format: 'int64' }),
      }),
    },
    'action',
    'mode',
    'selector',
    'volumePath',
  ),
  refused: (spec) => [
    ...valueRefused(spec, 'spec', 'Spec.ContainerSelector', 'Spec.ContainerSelector.PodSelector'),
    ...durationRefused(spec.duration),
  ],
  doubtful: () => [],
  effect: ({ action }) => (action === 'latency' ? 'slows' : 'damages'),
  words: ({ action }) => [action],
  containers: () => [],
  waits: true,
}
