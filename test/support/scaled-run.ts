/** The autoscaler of payments-api in a run of a few records: what it showed, its pods, and what is said of it. */
import type { HpaSeen, PodSeen } from '../../src/domain/cluster.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { judgeAutoscalers } from '../../src/judge/cluster/autoscaler.ts'
import type { Autoscaler } from '../../src/judge/cluster/hpa-metric.ts'
import { named, rehearsal, seen } from './evidence.ts'
import { noted } from './reviewed.ts'
import { type SmallRun, seenIn } from './small-run.ts'

const [found] = rehearsal.expectations.filter((each) => each.kind === 'autoscaler')
if (found === undefined) throw new Error('the stock rehearsal has an autoscaler')
export const stock = found
export const NAME = 'payments-api'

export type Metric = HpaSeen['metrics'][number]
export const metric = (name: string, value?: number, target = 10): Metric => ({
  metric: name,
  target,
  ...(value === undefined ? {} : { value }),
})
export const rps = (value?: number) => metric('Pods/rps_per_pod', value)
export const cpu = (value?: number) => metric('Resource/cpu', value, 50)

/** What the autoscaler shows at a second of the load. */
export const hpaAt = (
  second: number,
  desired: number,
  metrics: readonly Metric[] = [rps(9)],
  changes: Partial<HpaSeen> = {},
): Evidence =>
  seen(second, {
    resource: 'HorizontalPodAutoscaler',
    ...named(NAME),
    of: NAME,
    min: 2,
    max: 6,
    current: 2,
    desired,
    metrics,
    conditions: [],
    ...changes,
  })

/** It is capped, and says so. */
export const limited: HpaSeen['conditions'] = [
  { type: 'ScalingLimited', status: 'True', reason: 'TooManyReplicas', message: '' },
]

/** One of its pods; it has its place and is Ready. */
export const pod = (n: number, changes: Partial<PodSeen> = {}): PodSeen => ({
  resource: 'Pod',
  ...named(`${NAME}-${n}`),
  app: NAME,
  labels: {},
  node: 'n',
  podPhase: 'Running',
  ready: true,
  deleting: false,
  restarts: 0,
  ...changes,
})

/** What the rule says of the autoscaler, with changes of what is expected of it. */
export function scalerJudged(
  records: readonly (readonly Evidence[] | Evidence)[],
  changes: Partial<Autoscaler> = {},
  run: SmallRun = {},
) {
  const expectations = [{ ...stock, ...changes } as Autoscaler]
  return noted(judgeAutoscalers(seenIn(records.flat(), { ...run, rehearsal: { expectations } })))
}
