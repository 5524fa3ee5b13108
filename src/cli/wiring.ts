/** Connects ports to adapters. The only place that does. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { chaosMeshInjector } from '../adapters/chaos-mesh/injector.ts'
import { k6LoadGenerator } from '../adapters/k6/load-generator.ts'
import { kubernetesActions } from '../adapters/kubernetes/actions/actions.ts'
import { kubernetesCluster } from '../adapters/kubernetes/cluster.ts'
import { leaseLock } from '../adapters/kubernetes/lock.ts'
import { platformBooks } from '../adapters/ledger/books.ts'
import { kubernetesProbes } from '../adapters/metrics/probes.ts'
import type { ControllerPorts } from '../controller/perform.ts'
import type { KubernetesApi } from '../protocols/kubernetes/api.ts'
import { systemClock } from './clock.ts'

/** Bundled scenarios are cached beside the toolchain, by content. */
export const k6Settings = (binary: string) => ({
  binary,
  clock: systemClock,
  cacheFolder: join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'matchday', 'scenarios'),
})

/** All adapters of one cluster; `k6` is the path of the binary. */
export function portsOf(api: KubernetesApi, k6: string): ControllerPorts {
  return { ...clusterPortsOf(api), load: k6LoadGenerator(k6Settings(k6)) }
}

export function clusterPortsOf(api: KubernetesApi): Omit<ControllerPorts, 'load'> {
  return {
    clock: systemClock,
    cluster: kubernetesCluster(api),
    faults: chaosMeshInjector(api, systemClock),
    actions: kubernetesActions(api, systemClock),
    probes: kubernetesProbes(api, systemClock),
    books: platformBooks(api),
    lock: leaseLock(api),
  }
}
