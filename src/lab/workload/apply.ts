/**
 * Applies manifests by server-side apply, unchanged except for the placeholders of Secrets. A typed client would send only the fields it
 * knows, under its own names. It drops `from` of NetworkPolicies, which then let everybody in, and `x-kubernetes-preserve-unknown-fields`
 * of definitions, so that the API server removes fields of users' objects.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../domain/unknown.ts'
import { ApiProblem, type ClusterClient } from '../cluster-access/cluster.ts'
import { withCluster } from '../cluster-access/connect.ts'
import { LabError } from '../machine/lab-error.ts'
import { labPaths } from '../machine/paths.ts'
import { readState } from '../machine/state.ts'
import { untilServed } from './plug-ins.ts'
import type { Manifest } from './render.ts'
import { createResourcePaths, definedKinds, type ResourcePaths } from './resource-paths.ts'
import { fillSecret, type SecretValues, secretsOf } from './secrets.ts'

/** Kinds that other objects refer to come first. Objects of one rank are applied in parallel. */
const ranks: Readonly<Record<string, number>> = {
  Namespace: 0,
  CustomResourceDefinition: 0,
  PriorityClass: 1,
  StorageClass: 1,
  ServiceAccount: 1,
  ConfigMap: 1,
  Secret: 1,
  NetworkPolicy: 1,
  Service: 1,
}
const USUAL_RANK = 2
// Its kinds are defined by the lab's ingress, which starts after the nodes. Deployments must not wait for that.
const GATEWAY_RANK = 3
const rankOf = (each: Manifest): number => (isGatewayApi(each) ? GATEWAY_RANK : (ranks[each.kind] ?? USUAL_RANK))
const isGatewayApi = ({ apiVersion }: Manifest): boolean => apiVersion.startsWith('gateway.networking.k8s.io/')

/**
 * Creates or updates every object, in an order in which no object refers to one that does not exist yet. @throws LabError with all refusals
 */
export async function applyManifests(root: string, manifests: readonly Manifest[]): Promise<void> {
  const paths = labPaths(root)
  const hasGatewayApi = readState(paths.state)?.gatewayDefinitions !== undefined
  const problems = await withCluster(root, (cluster) => applyAll(cluster, manifests, secretsOf(paths), hasGatewayApi))
  if (problems.length > 0) throw refused(problems)
}

/** Applies rank after rank and returns the refusals. `hasGatewayApi`: the lab's ingress defines its kinds, perhaps a moment later. */
async function applyAll(
  cluster: ClusterClient,
  manifests: readonly Manifest[],
  values: SecretValues,
  hasGatewayApi: boolean,
): Promise<readonly string[]> {
  const paths = createResourcePaths(cluster)
  const problems: string[] = []
  for (let rank = 0; rank <= GATEWAY_RANK; rank++) {
    const batch = manifests.filter((each) => rankOf(each) === rank)
    if (rank === GATEWAY_RANK && hasGatewayApi) await Promise.all(batch.map((each) => untilKnown(paths, each)))
    const apply = (each: Manifest) =>
      applyOne(cluster, paths, fillSecret(each, values)).catch((error: unknown) => {
        problems.push(`${each.kind} ${each.metadata.name}: ${messageOf(error)}`)
      })
    await Promise.all(batch.map(apply))
    if (problems.length === 0) await Promise.all(batch.flatMap(definedKinds).map((kind) => untilKnown(paths, kind)))
  }
  return problems
}

const refused = (problems: readonly string[]): LabError =>
  new LabError({
    code: 'manifests-refused',
    problem: `the API server refused:\n  ${problems.join('\n  ')}`,
    next: 'fix the manifests; kubectl apply --dry-run=server shows the same.',
  })

/**
 * 429 means "try again later": the storage of a kind is still being created. A pod without a controller is refused until its namespace has
 * its default service account, which the controller manager makes a moment after the namespace.
 */
const mayPass = ({ status, message }: ApiProblem): boolean =>
  status === 429 || (status === 403 && message.includes('error looking up service account'))
const TRIES_MAX = 40
const AGAIN_MS = 300

async function applyOne(cluster: ClusterClient, paths: ResourcePaths, manifest: Manifest): Promise<void> {
  const path = await paths.of(manifest)
  for (let attempt = 1; ; attempt++) {
    try {
      await cluster.apply(path, manifest)
      return
    } catch (error) {
      if (!(error instanceof ApiProblem) || !mayPass(error) || attempt === TRIES_MAX) throw error
      await sleep(AGAIN_MS)
    }
  }
}

const untilKnown = (paths: ResourcePaths, kind: Parameters<ResourcePaths['isServed']>[0]): Promise<void> =>
  untilServed(`kind ${kind.kind} of ${kind.apiVersion}`, async () => {
    if (!(await paths.isServed(kind))) throw new Error('its definition was accepted, but it is not served yet')
  })
