/** The cluster's DNS: CoreDNS, with an image of the program that was built here. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RealCluster } from './cluster.ts'
import { programImage } from './program-image.ts'

const OBJECTS = join(import.meta.dirname, 'dns.yaml')
/** Prints the address of its argument, or why there is none. */
const LOOKUP = `require('node:dns').lookup(process.argv[1], (error, address) => console.log(error?.code ?? address))`

/** Its archive, below `folder`. `programs`: what `buildNetwork` has built. */
export function dnsArchive(programs: string, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const source = join(programs, 'coredns')
  const image = { name: 'registry.k8s.io/coredns/coredns', tag: 'real', user: '65532:65532', entrypoint: ['/coredns'] }
  return programImage(folder, image, [{ kind: 'file', path: 'coredns', source, executable: true }])
}

/** Resolves when it answers. */
export async function installDns({ kubectl }: RealCluster): Promise<void> {
  await kubectl('create', '-f', OBJECTS)
  await kubectl('-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=300s')
}

/** The address that a pod finds for a name, or why it finds none. */
export const lookUp = async ({ kubectl }: RealCluster, namespace: string, pod: string, name: string): Promise<string> =>
  (await kubectl('-n', namespace, 'exec', pod, '--', 'node', '-e', LOOKUP, name)).trim()
