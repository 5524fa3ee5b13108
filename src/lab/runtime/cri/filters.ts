import type { ContainerRecord, SandboxRecord } from '../records.ts'
import type { ContainerFilter, ContainerStatsFilter, SandboxFilter, SandboxStatsFilter, StringMap } from './messages.ts'
import { sandboxState, stateOf } from './views.ts'

// A part of a filter that is not set matches everything; all set parts must match. An id may be shortened to its first characters.

const matchesId = (id: string, wanted: string): boolean => wanted === '' || id.startsWith(wanted)

const matchesLabels = (labels: StringMap, wanted: StringMap): boolean =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value)

export function matchesSandbox(record: SandboxRecord, filter: SandboxFilter | null): boolean {
  if (!filter) return true
  return matchesSandboxStats(record, filter) && (filter.state === null || filter.state.state === sandboxState(record))
}

export function matchesSandboxStats(record: SandboxRecord, filter: SandboxStatsFilter | null): boolean {
  return !filter || (matchesId(record.id, filter.id) && matchesLabels(record.config.labels, filter.labelSelector))
}

export function matchesContainer(record: ContainerRecord, filter: ContainerFilter | null): boolean {
  if (!filter) return true
  return matchesContainerStats(record, filter) && (filter.state === null || filter.state.state === stateOf(record))
}

export function matchesContainerStats(record: ContainerRecord, filter: ContainerStatsFilter | null): boolean {
  return (
    !filter ||
    (matchesId(record.id, filter.id) &&
      matchesId(record.sandboxId, filter.podSandboxId) &&
      matchesLabels(record.config.labels, filter.labelSelector))
  )
}
