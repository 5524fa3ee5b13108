// Keeps the ingress current with the objects of the cluster, and the statuses of the cluster current with the ingress.
import { createClusterClient } from '../cluster-access/cluster.ts'
import { keepList } from '../cluster-access/kept-list.ts'
import type { ApiObject } from '../cluster-access/kube-object.ts'
import { readKubeconfig } from '../cluster-access/kubeconfig.ts'
import type { EndpointSlice, KubeService } from '../pod-network/objects.ts'
import type { GatewayObjects } from './gateway-api/plan.ts'
import { watchGatewayApi } from './gateway-api/watch.ts'
import { createStatusWriter } from './gateway-api/write-statuses.ts'
import type { Ingress } from './objects.ts'
import type { IngressServer } from './server.ts'

export type ClusterFollower = {
  /** From now on also the objects of the Gateway API, which must be installed. */
  followGatewayApi(): void
  /** A port of a Gateway was opened or could not be. */
  served(): void
}

export function followCluster(kubeconfig: string, server: IngressServer, log: (line: string) => void): ClusterFollower {
  const watch = <T extends ApiObject>(path: string) => keepList<T>({ kubeconfig, path, onChange, log })
  // The kubeconfig is read again: after a restart the API server may be elsewhere.
  const open = () => createClusterClient(readKubeconfig(kubeconfig))
  const writer = createStatusWriter(open, () => server.statuses(`${new Date().toISOString().slice(0, 19)}Z`), log)
  let gatewayApi: () => GatewayObjects | undefined = () => undefined
  let planned = false

  function onChange(): void {
    if (planned || !all.every((one) => one.isSynced())) return
    planned = true
    // One rollout step changes several objects. They are applied together.
    setImmediate(() => {
      planned = false
      const gateways = gatewayApi()
      const objects = { ingresses: ingresses.items(), services: services.items(), slices: slices.items() }
      server.setObjects({ ...objects, ...(gateways ? { gatewayApi: gateways } : {}) })
      writer.write()
    })
  }
  const ingresses = watch<Ingress>('/apis/networking.k8s.io/v1/ingresses')
  const services = watch<KubeService>('/api/v1/services')
  const slices = watch<EndpointSlice>('/apis/discovery.k8s.io/v1/endpointslices')
  const all = [ingresses, services, slices]
  return {
    followGatewayApi() {
      gatewayApi = watchGatewayApi(kubeconfig, onChange, log)
    },
    served: writer.write,
  }
}
