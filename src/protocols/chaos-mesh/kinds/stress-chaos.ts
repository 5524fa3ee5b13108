/** StressChaos: workers inside a container use CPU or memory. */
import type { CommonSpec } from '../common.ts'
import type { FaultKind } from '../kind.ts'
import { commonFields, list, record, text, whole } from '../schema.ts'
import { type StrictProblem, stop } from '../strict-problem.ts'
import { durationRefused, invalid, valueRefused, type WebhookProblem } from '../webhook-checks.ts'

export type StressChaosSpec = CommonSpec & {
  readonly stressors?: {
    readonly cpu?: { readonly workers: number; readonly load?: number }
    readonly memory?: { readonly workers: number; readonly size?: string }
  }
  readonly stressngStressors?: string
}

const workers = whole({ maximum: 8192 })
const STRESSORS = ['cpu', 'memory'] as const

export const stressChaos: FaultKind<StressChaosSpec> = {
  schema: record(
    {
      ...commonFields,
      containerNames: list(text),
      stressngStressors: text,
      stressors: record({
        cpu: record({ workers, load: whole({ minimum: 0, maximum: 100 }), options: list(text) }, 'workers'),
        memory: record(
          {
            workers,
            size: text,
            oomScoreAdj: { ...whole({ minimum: -1000, maximum: 1000 }), default: 0 },
            options: list(text),
          },
          'workers',
        ),
      }),
    },
    'mode',
    'selector',
  ),
  refused: (spec) => [
    ...stressorsRefused(spec),
    ...valueRefused(spec, 'spec', 'Spec.ContainerSelector', 'Spec.ContainerSelector.PodSelector'),
    ...durationRefused(spec.duration),
  ],
  doubtful: ({ stressors }) => STRESSORS.filter((name) => (stressors?.[name]?.workers ?? 1) <= 0).map(idle),
  effect: () => 'burdens',
  words: ({ stressors }) => STRESSORS.filter((name) => stressors?.[name] !== undefined),
  containers: () => [],
}

function stressorsRefused(spec: StressChaosSpec): WebhookProblem[] {
  const problems: WebhookProblem[] = []
  const { stressors } = spec
  if (stressors === undefined && !spec.stressngStressors)
    problems.push(invalid('spec', 'Spec', spec, 'missing stressors'))
  if (stressors !== undefined && stressors.cpu === undefined && stressors.memory === undefined)
    problems.push(invalid('spec.stressors', 'Spec.Stressors', stressors, 'missing stressors'))
  return problems
}

const idle = (name: (typeof STRESSORS)[number]): StrictProblem =>
  stop('no-effect', `spec.stressors.${name}.workers`, 'no workers, no stress', 'give at least 1')
