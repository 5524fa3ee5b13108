import { CONTAINER_ROOT_VARIABLE, LAB_PROCESS_VARIABLE } from '../../machine/marks.ts'
import type { SandboxNetwork } from '../../pod-network/network-plugin.ts'
import { CONTAINER_VARIABLE } from '../processes/table.ts'
import { heapOptions } from './heap.ts'

export type EnvironmentParts = {
  id: string
  labRoot: string
  hostname: string
  /** where Node keeps compiled code of the image between starts; undefined for a program that is not Node */
  compileCache: string | undefined
  /** the image's folder of programs (Node) */
  programs: string
  /** the preload that makes mounted files visible at their paths */
  mountPreload: string
  view: { root: string; temporary: string; mountPaths: readonly string[] }
  /** What stands before the paths of mounted files; empty where the container has a file system of its own. */
  mountPrefix: string
  image: Readonly<Record<string, string>>
  pod: readonly { key: string; value: string }[]
  network: SandboxNetwork | undefined
  /** bytes; 0: no limit */
  memoryLimit: number
}

/**
 * The environment of a container. The pod's own values override the image's. NODE_OPTIONS is joined, because the pod network, the memory
 * limit, the mounts and the pod may each have some. If two contradict, Node uses the later one, which is the pod's. The lab's own
 * variables: `MATCHDAY_ROOT` (prefix of mounted paths), `MATCHDAY_MOUNTS` (mounted paths, one per line), `MATCHDAY_NATIVE_ADDRESS` (where a
 * container that does not run Node listens), `MATCHDAY_CONTAINER` (its id), and the mark by which the owner finds all processes of the lab.
 */
export function environmentOfContainer(parts: EnvironmentParts): Record<string, string> {
  const { view, network } = parts
  const pod = Object.fromEntries(parts.pod.map(({ key, value }) => [key, value]))
  const nodeOptions = [
    network?.env.NODE_OPTIONS,
    ...heapOptions(parts.memoryLimit),
    view.mountPaths.length > 0 ? `--require=${quoted(parts.mountPreload)}` : undefined,
    pod.NODE_OPTIONS ?? parts.image.NODE_OPTIONS,
  ].filter((option) => option)
  return {
    PATH: `${parts.programs}:/usr/local/bin:/usr/bin:/bin`,
    HOME: view.root,
    TMPDIR: view.temporary,
    HOSTNAME: parts.hostname,
    ...(parts.compileCache === undefined ? {} : { NODE_COMPILE_CACHE: parts.compileCache }),
    ...parts.image,
    ...pod,
    ...network?.env,
    ...(nodeOptions.length > 0 ? { NODE_OPTIONS: nodeOptions.join(' ') } : {}),
    ...(network ? { MATCHDAY_NATIVE_ADDRESS: network.nativeAddress } : {}),
    [CONTAINER_ROOT_VARIABLE]: parts.mountPrefix,
    MATCHDAY_MOUNTS: view.mountPaths.join('\n'),
    [LAB_PROCESS_VARIABLE]: parts.labRoot,
    [CONTAINER_VARIABLE]: parts.id,
  }
}

/** Inside NODE_OPTIONS a value may be in double quotes, with a backslash before quotes and backslashes. */
const quoted = (path: string): string => (/[\s"\\]/.test(path) ? `"${path.replace(/["\\]/g, '\\$&')}"` : path)
