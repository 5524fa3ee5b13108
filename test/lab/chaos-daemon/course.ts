/** The course of an experiment, version by version, as something that two runs can be compared by. */
import { recordsOf } from '../../../src/protocols/chaos-mesh/experiment.ts'
import type { ChaosObject } from '../../../src/protocols/chaos-mesh/objects.ts'

/** What a version says, without what differs from run to run: names of the drawn pods, times. */
function said(object: ChaosObject): string {
  const { generation, finalizers, deletionTimestamp, annotations } = object.metadata
  const conditions = object.status?.conditions === undefined ? [] : [...object.status.conditions]
  const parts = [
    `gen ${generation}`,
    finalizers?.join() ?? 'free',
    deletionTimestamp ? 'deleted' : 'there',
    Object.keys(annotations ?? {}).join(),
    object.status?.experiment?.desiredPhase ?? '-',
    conditions
      .map(({ type, status }) => `${type}=${status}`)
      .sort()
      .join(' '),
    ...(recordsOf(object) ?? []).map((record) => {
      const events = (record.events ?? []).map(({ type, operation }) => `${operation} ${type}`)
      return `${record.selectorKey} ${record.phase} +${record.injectedCount} -${record.recoveredCount} [${events.join()}]`
    }),
    Object.values(object.status?.instances ?? {}).join(),
  ]
  return parts.join(' | ')
}
export const course = (versions: readonly { object: ChaosObject }[]): string[] =>
  versions.map(({ object }) => said(object))
