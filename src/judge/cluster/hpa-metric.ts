/** What an autoscaler shows of its metrics. */
import type { Expectation } from '../../domain/rehearsal.ts'
import type { HpaMoment } from '../seen/object-history.ts'

export type Autoscaler = Extract<Expectation, { kind: 'autoscaler' }>
export type TargetCrossing = { readonly at: number; readonly line: number | undefined }

/** HPA's own tolerance (--horizontal-pod-autoscaler-tolerance): up to 10 % over target it does nothing. */
export const TOLERANCE = 1.1

export const isResource = (metric: string): boolean => /^(ContainerResource\/|Resource\/)?(cpu|memory)$/.test(metric)

export const isOver = ({ value, target }: HpaMoment['metrics'][number]): boolean =>
  value !== undefined && target > 0 && value / target > TOLERANCE
