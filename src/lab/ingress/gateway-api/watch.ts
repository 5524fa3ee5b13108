import { type KeptList, keepList } from '../../cluster-access/kept-list.ts'
import type { ApiObject } from '../../cluster-access/kube-object.ts'
import type { TlsSecret } from './certificates.ts'
import { type Gateway, type GatewayClass, GROUP, type HttpRoute, type ReferenceGrant } from './objects.ts'
import type { GatewayObjects } from './plan.ts'

/** Follows all objects of the Gateway API. The result gives them; undefined until each kind was listed once. */
export function watchGatewayApi(
  kubeconfig: string,
  onChange: () => void,
  log: (line: string) => void,
): () => GatewayObjects | undefined {
  const all: KeptList<ApiObject>[] = []
  const watch = <T extends ApiObject>(path: string): KeptList<T> => {
    const list = keepList<T>({ kubeconfig, path, onChange, log })
    all.push(list)
    return list
  }
  const classes = watch<GatewayClass>(`/apis/${GROUP}/v1/gatewayclasses`)
  const gateways = watch<Gateway>(`/apis/${GROUP}/v1/gateways`)
  const routes = watch<HttpRoute>(`/apis/${GROUP}/v1/httproutes`)
  const grants = watch<ReferenceGrant>(`/apis/${GROUP}/v1/referencegrants`)
  const namespaces = watch<ApiObject>('/api/v1/namespaces')
  const secrets = watch<TlsSecret>('/api/v1/secrets?fieldSelector=type%3Dkubernetes.io%2Ftls')
  return () =>
    all.every((each) => each.isSynced())
      ? {
          classes: classes.items(),
          gateways: gateways.items(),
          routes: routes.items(),
          grants: grants.items(),
          namespaces: namespaces.items(),
          secrets: secrets.items(),
        }
      : undefined
}
