import type { ContainerRecord, SandboxRecord } from '../records.ts'
import { matchesContainerStats, matchesSandboxStats } from './filters.ts'
import type { NodeParts, SomeCalls } from './node-parts.ts'
import { containerStats, sandboxStats, sumUsage } from './views.ts'

type StatsCallNames = 'ContainerStats' | 'ListContainerStats' | 'PodSandboxStats' | 'ListPodSandboxStats'

export function statsCalls(parts: NodeParts): SomeCalls<StatsCallNames> {
  const { sandboxes, containers, table } = parts
  const live = () => containers.list().filter(({ started, exit }) => started && !exit)
  const ofContainer = (record: ContainerRecord) => {
    const used = table.usage(record.id)
    return containerStats(record, used, table.sampledAtMs())
  }
  const ofSandbox = (record: SandboxRecord) => {
    const own = live().filter(({ sandboxId }) => sandboxId === record.id)
    const used = sumUsage(own.map(({ id }) => table.usage(id)))
    return sandboxStats(record, own.map(ofContainer), used, table.sampledAtMs())
  }
  return {
    ContainerStats: ({ containerId }) => ({ stats: ofContainer(containers.get(containerId)) }),
    ListContainerStats: ({ filter }) => ({
      stats: live()
        .filter((record) => matchesContainerStats(record, filter))
        .map(ofContainer),
    }),
    PodSandboxStats: ({ podSandboxId }) => ({ stats: ofSandbox(sandboxes.get(podSandboxId)) }),
    ListPodSandboxStats: ({ filter }) => ({
      stats: sandboxes
        .list()
        .filter((record) => !record.stopped && matchesSandboxStats(record, filter))
        .map(ofSandbox),
    }),
  }
}
