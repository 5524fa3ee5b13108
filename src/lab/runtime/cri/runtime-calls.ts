import { RuntimeFault } from '../fault.ts'
import { commandCalls, running } from './command-calls.ts'
import { matchesContainer, matchesSandbox } from './filters.ts'
import type { RuntimeCalls } from './messages.ts'
import type { NodeParts, SomeCalls } from './node-parts.ts'
import { statsCalls } from './stats-calls.ts'
import { containerItem, containerStatus, sandboxItem, sandboxStatus } from './views.ts'

const RUNTIME_NAME = 'matchday'
const RUNTIME_VERSION = '0.1.0'

/** The RuntimeService of one node, one function per call. Calls that this runtime does not support are answered UNIMPLEMENTED. */
export function runtimeCalls(parts: NodeParts): RuntimeCalls {
  return {
    ...generalCalls(),
    ...sandboxCalls(parts),
    ...containerCalls(parts),
    ...commandCalls(parts),
    ...statsCalls(parts),
  }
}

function generalCalls(): SomeCalls<
  'Version' | 'Status' | 'RuntimeConfig' | 'UpdateRuntimeConfig' | 'ListMetricDescriptors' | 'ListPodSandboxMetrics'
> {
  const conditions = [
    { type: 'RuntimeReady', status: true },
    { type: 'NetworkReady', status: true }, // the socket opens only when the pod network is ready
  ]
  return {
    Version: () => ({
      version: '0.1.0',
      runtimeName: RUNTIME_NAME,
      runtimeVersion: RUNTIME_VERSION,
      runtimeApiVersion: 'v1',
    }),
    Status: () => ({
      status: { conditions },
      info: {},
      runtimeHandlers: [{ name: '', features: {} }],
      features: { supplementalGroupsPolicy: false },
    }),
    RuntimeConfig: () => ({ linux: { cgroupDriver: 'CGROUPFS' } }),
    UpdateRuntimeConfig: () => ({}), // the node table fixes the pod CIDRs
    ListMetricDescriptors: () => ({ descriptors: [] }),
    ListPodSandboxMetrics: () => ({ podMetrics: [] }),
  }
}

type SandboxCallNames =
  | 'RunPodSandbox'
  | 'StopPodSandbox'
  | 'RemovePodSandbox'
  | 'PodSandboxStatus'
  | 'ListPodSandbox'
  | 'UpdatePodSandboxResources'

function sandboxCalls({ sandboxes, containers }: NodeParts): SomeCalls<SandboxCallNames> {
  const containersOf = (id: string) => containers.list().filter(({ sandboxId }) => sandboxId === id)
  const stop = async (id: string) => {
    await Promise.all(containersOf(id).map((container) => containers.stop(container.id, 0)))
    await sandboxes.stop(id)
  }
  return {
    async RunPodSandbox({ config, runtimeHandler }) {
      if (!config?.metadata) throw new RuntimeFault('invalid', 'a sandbox needs a configuration with metadata')
      if (runtimeHandler) throw new RuntimeFault('invalid', `the lab has no runtime handler ${runtimeHandler}`)
      return { podSandboxId: (await sandboxes.run(config)).id }
    },
    async StopPodSandbox({ podSandboxId }) {
      await stop(podSandboxId)
      return {}
    },
    async RemovePodSandbox({ podSandboxId }) {
      await stop(podSandboxId)
      await Promise.all(containersOf(podSandboxId).map(({ id }) => containers.remove(id)))
      await sandboxes.remove(podSandboxId)
      return {}
    },
    PodSandboxStatus({ podSandboxId }) {
      const record = sandboxes.get(podSandboxId)
      return {
        status: sandboxStatus(record),
        info: {},
        containersStatuses: containersOf(record.id).map(containerStatus),
        timestamp: Date.now() * 1_000_000,
      }
    },
    ListPodSandbox: ({ filter }) => ({
      items: sandboxes
        .list()
        .filter((record) => matchesSandbox(record, filter))
        .map(sandboxItem),
    }),
    UpdatePodSandboxResources: () => ({}),
  }
}

type ContainerCallNames =
  | 'CreateContainer'
  | 'StartContainer'
  | 'StopContainer'
  | 'RemoveContainer'
  | 'ListContainers'
  | 'ContainerStatus'
  | 'UpdateContainerResources'
  | 'ReopenContainerLog'

function containerCalls({ sandboxes, containers }: NodeParts): SomeCalls<ContainerCallNames> {
  return {
    async CreateContainer({ podSandboxId, config }) {
      const sandbox = sandboxes.get(podSandboxId)
      if (!config?.metadata || !config.image)
        throw new RuntimeFault('invalid', 'a container needs a configuration with metadata and image')
      if (sandbox.stopped) throw new RuntimeFault('wrong-state', `sandbox ${podSandboxId} is stopped`)
      return { containerId: (await containers.create(sandbox, config)).id }
    },
    async StartContainer({ containerId }) {
      await containers.start(containerId)
      return {}
    },
    async StopContainer({ containerId, timeout }) {
      await containers.stop(containerId, timeout)
      return {}
    },
    async RemoveContainer({ containerId }) {
      await containers.remove(containerId)
      return {}
    },
    ListContainers: ({ filter }) => ({
      containers: containers
        .list()
        .filter((record) => matchesContainer(record, filter))
        .map(containerItem),
    }),
    ContainerStatus: ({ containerId }) => ({ status: containerStatus(containers.get(containerId)), info: {} }),
    UpdateContainerResources({ containerId, linux }) {
      if (linux) containers.setResources(containerId, linux)
      return {}
    },
    ReopenContainerLog({ containerId }) {
      running(containers, containerId).logs.reopen()
      return {}
    },
  }
}
