/**
 * lab/keda: the real KEDA, for workloads that have a ScaledObject. Its own manifests are applied, and its own programs run as pods of the
 * lab in namespace `keda`. They are scheduled, probed, restarted and killed like any pod, and NetworkPolicies, faults and cluster DNS act
 * on the connections of its scalers. The differences from another installation are in overlay/ and run.sh.
 */
import { join } from 'node:path'
import { isNotFound } from '../cluster-access/cluster.ts'
import { withCluster } from '../cluster-access/connect.ts'
import { readIndex } from '../images/image-index.ts'
import { renderImages } from '../images/render.ts'
import { labPaths } from '../machine/paths.ts'
import { apiServerForPods, type LabState } from '../machine/state.ts'
import { applyManifests } from '../workload/apply.ts'
import { requireCondition, untilServed } from '../workload/plug-ins.ts'
import { type Manifest, renderManifests } from '../workload/render.ts'
import { type KedaCertificates, makeCertificates } from './certificates.ts'
import { KEDA_NAMESPACE } from './status.ts'

export { KEDA_NAMESPACE } from './status.ts'

/** Paths of KEDA's programs, and of the folder `manifests` in its Go module. */
export type KedaTools = { readonly operator: string; readonly adapter: string; readonly manifests: string }

const OVERLAY = join(import.meta.dirname, 'overlay')

/** Whether a workload is scaled by KEDA. */
export const needsKeda = (manifests: readonly Manifest[]): boolean =>
  manifests.some(({ apiVersion }) => apiVersion.startsWith('keda.sh/'))

/** Resolves when the API server accepts ScaledObjects; KEDA's pods may still be starting. Its images must be staged before. */
export async function applyKeda(state: LabState, tools: KedaTools): Promise<void> {
  const certificates = await makeCertificates()
  const own = await renderManifests(state.kubectl, join(tools.manifests, 'minimal'), [OVERLAY])
  const settings = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'lab', namespace: KEDA_NAMESPACE },
    data: {
      MATCHDAY_API_SERVER: apiServerForPods(state),
      KEDA_CLUSTER_OBJECT_NAMESPACE: KEDA_NAMESPACE,
      KUBERNETES_CLUSTER_DOMAIN: 'cluster.local',
    },
  }
  const images = readIndex(labPaths(state.root).images)
  const all = [...renderImages(own, images).map((each) => trusting(each, certificates)), settings, certificates.secret]
  // A role of KEDA is bound in kube-system. The API server creates that namespace a moment after it starts to serve.
  await withCluster(state.root, (cluster) => untilServed('the API server', () => cluster.get(SYSTEM), undefined, NEXT))
  await applyManifests(state.root, all)
}

/** Resolves when the operator serves external metrics. @throws LabError with the API server's message */
export async function untilKedaServes(root: string, signal?: AbortSignal): Promise<void> {
  await withCluster(root, (cluster) =>
    untilServed('KEDA', async () => requireCondition(await cluster.get(METRICS_API), 'Available'), signal, NEXT),
  )
}

/** Whether KEDA is installed in the lab, ready or not. */
export async function hasKeda(root: string): Promise<boolean> {
  try {
    await withCluster(root, (cluster) => cluster.get(DEFINITION))
    return true
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}

const SYSTEM = '/api/v1/namespaces/kube-system'
const METRICS_API = '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io'
const DEFINITION = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/scaledobjects.keda.sh'
const NEXT = `look at its pods: kubectl -n ${KEDA_NAMESPACE} get pods, kubectl -n ${KEDA_NAMESPACE} logs deploy/keda-operator`

/** The API server verifies KEDA's metrics API with the authority of its certificate. */
function trusting(manifest: Manifest, { authority }: KedaCertificates): Manifest {
  if (manifest.kind !== 'APIService') return manifest
  return { ...manifest, spec: { ...(manifest.spec as object), caBundle: Buffer.from(authority).toString('base64') } }
}
