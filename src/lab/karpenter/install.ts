/**
 * lab/karpenter: the real Karpenter, for pods that do not fit on the nodes of the lab. It runs as a pod in namespace `karpenter`, decides as on any
 * cluster, and writes NodeClaims. Its KWOK provider answers each with a Node object, after the delay of the KWOKNodeClass. The owner of the lab
 * (owner/new-nodes.ts) starts a kubelet for that object. docs/adr/0065 says what is real and what is not.
 */
import { join } from 'node:path'
import { withCluster } from '../cluster-access/connect.ts'
import { readIndex } from '../images/image-index.ts'
import { renderImages } from '../images/render.ts'
import { labPaths } from '../machine/paths.ts'
import { apiServerForPods, type LabState } from '../machine/state.ts'
import { applyManifests } from '../workload/apply.ts'
import { requireCondition, untilServed } from '../workload/plug-ins.ts'
import { type Manifest, renderManifests } from '../workload/render.ts'
import { KARPENTER_NAMESPACE, LAB_POOL } from './names.ts'

export { KARPENTER_NAMESPACE } from './names.ts'

/** Path of Karpenter's program, and of the folders with the definitions of its Go module. */
export type KarpenterTools = { readonly program: string; readonly definitions: readonly string[] }

const MANIFESTS = join(import.meta.dirname, 'manifests')

/**
 * Installs Karpenter, or changes its delay. `nodeDelay`: from a NodeClaim to its Node object, in Go's words for a duration (20s). Its image must be
 * staged before. @throws LabError with the API server's refusals
 */
export async function applyKarpenter(
  state: LabState,
  { definitions }: KarpenterTools,
  nodeDelay: string,
): Promise<void> {
  const own = await Promise.all([...definitions, MANIFESTS].map((place) => renderManifests(state.kubectl, place, [])))
  const images = readIndex(labPaths(state.root).images)
  const settings = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'lab', namespace: KARPENTER_NAMESPACE },
    data: { MATCHDAY_API_SERVER: apiServerForPods(state) },
  }
  const all = [...renderImages(own.flat(), images), settings].map((each) => withDelay(each, nodeDelay))
  await applyManifests(state.root, all)
}

/** Resolves when the NodePool is ready to be used. @throws LabError with the API server's message */
export async function untilKarpenterServes(root: string, signal?: AbortSignal): Promise<void> {
  await withCluster(root, (cluster) =>
    untilServed('Karpenter', async () => requireCondition(await cluster.get(POOL), 'Ready'), signal, NEXT),
  )
}

const POOL = `/apis/karpenter.sh/v1/nodepools/${LAB_POOL}`
const NEXT = `look at its pod: kubectl -n ${KARPENTER_NAMESPACE} get pods, kubectl -n ${KARPENTER_NAMESPACE} logs deploy/karpenter`

const withDelay = (manifest: Manifest, nodeRegistrationDelay: string): Manifest =>
  manifest.kind === 'KWOKNodeClass' ? { ...manifest, spec: { nodeRegistrationDelay } } : manifest
