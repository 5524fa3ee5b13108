import { labPaths } from '../machine/paths.ts'
import { type ClusterClient, createClusterClient } from './cluster.ts'
import { readKubeconfig } from './kubeconfig.ts'

/** The API server of the lab at this root, as its administrator. @throws Error when its kubeconfig is missing or incomplete */
export const connect = (root: string): ClusterClient => createClusterClient(readKubeconfig(labPaths(root).kubeconfig))

/** Connects for one piece of work and closes the connection after it. */
export async function withCluster<T>(root: string, work: (cluster: ClusterClient) => Promise<T>): Promise<T> {
  const cluster = connect(root)
  try {
    return await work(cluster)
  } finally {
    cluster.close()
  }
}
