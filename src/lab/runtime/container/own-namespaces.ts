// What a container sees in a lab with namespaces: its pod's network and host name, and the machine's files with its volumes in them.
import { chownSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NOBODY } from '../../machine/users.ts'
import type { ContainerConfig, Mount, SandboxConfig } from '../cri/messages.ts'
import type { NodeContext } from '../node-context.ts'
import type { ContainerRecord, Identity, SandboxRecord } from '../records.ts'
import { type Bind, type ContainerNamespaces, type RootPlan, seenAt, writeNamespaces } from './namespaces.ts'
import { ROOTFS } from './program.ts'
import { containerPath } from './view.ts'

export type Inside = Pick<ContainerRecord, 'workingDir' | 'env'> & {
  /** The container's own folder. */
  readonly folder: string
  readonly imageFolder: string
  /** Folders that the image declares as its container's own. */
  readonly volumes: readonly string[]
  /** Its /tmp. */
  readonly temporary: string
  readonly identity: Identity | undefined
  readonly config: Pick<ContainerConfig, 'mounts' | 'linux' | 'workingDir'>
}

/** Undefined in a lab without namespaces. */
export function namespacesOf(
  { labnet, labRoot }: Pick<NodeContext, 'labnet' | 'labRoot'>,
  sandbox: SandboxRecord,
  inside: Inside,
): ContainerNamespaces | undefined {
  if (labnet === undefined) return undefined
  const { folder, identity, workingDir, env } = inside
  const network = sandbox.network?.namespace
  const root = rootOf(labRoot, inside, resolverOf(folder, sandbox.config))
  const ofImage = `${join(inside.imageFolder, ROOTFS)}/`
  const shown = [...root.binds, ...root.copies].filter(({ from }) => from.startsWith(ofImage))
  const written = writeNamespaces(labnet, folder, 'namespaces', {
    ...(network === undefined ? {} : { network }),
    hostName: network === undefined ? '' : hostNameOf(sandbox.config),
    root,
    ...(identity ? { user: identity } : {}),
    folder: inside.config.workingDir ? containerPath(inside.config.workingDir) : seenAt(workingDir, shown),
    env,
  })
  return { ...written, shown: shown.map(({ from, to }) => ({ from, to })) }
}

// The longest name that the kernel takes. The kubelet shortens names to 63 characters itself.
const HOST_NAME_CHARACTERS_MAX = 64

const hostNameOf = ({ hostname, metadata }: SandboxConfig): string =>
  (hostname || metadata.name).slice(0, HOST_NAME_CHARACTERS_MAX)

function rootOf(labRoot: string, inside: Inside, resolver: readonly Bind[]): RootPlan {
  const { folder, imageFolder, temporary, config, identity, workingDir } = inside
  const at = join(folder, 'file-system')
  mkdirSync(at)
  const mounts = config.mounts.filter(({ containerPath: path }) => containerPath(path) !== '/').map(bindOf)
  const own = volumesOf(
    inside,
    mounts.map(({ to }) => to),
  )
  if (config.workingDir)
    own.push(...madeFolder(containerPath(config.workingDir), workingDir, imageFolder, [...own, ...mounts]))
  const [shared, copies] = filesOfImage(
    imageFolder,
    [...own, ...mounts].map(({ to }) => to),
  )
  return {
    at,
    binds: [
      { from: temporary, to: '/tmp' },
      // Programs, preload and the container's own folder, where they are on the machine.
      { from: labRoot, to: labRoot, alone: true },
      ...resolver,
      ...shared,
      ...own,
      ...mounts,
    ],
    copies,
    // PostgreSQL and browsers share memory there.
    memory: ['/dev/shm'],
    readOnly: config.linux?.securityContext?.readonlyRootfs ?? false,
    // Where neither the pod nor the image names a user, a real container runs as root, and may write there.
    ...(identity?.uid === NOBODY ? { owner: identity } : {}),
  }
}

/** A folder of the container's own for each volume of its image, but for those that the pod mounts itself. */
function volumesOf({ folder, volumes, identity }: Inside, mounted: readonly string[]): Bind[] {
  const wanted = [...new Set(volumes.map(containerPath))].filter(
    (path) => !mounted.some((mount) => path === mount || path.startsWith(`${mount}/`)),
  )
  return wanted.map((to, index) => {
    const from = join(folder, 'volumes', String(index))
    mkdirSync(from, { recursive: true, mode: 0o755 })
    if (identity) chownSync(from, identity.uid, identity.gid)
    return { from, to }
  })
}

/** The working directory that the pod names is made, as in any container runtime, if neither image, volume nor machine has it. */
function madeFolder(path: string, from: string, imageFolder: string, mounts: readonly Bind[]): readonly Bind[] {
  const isThere =
    existsSync(path) ||
    existsSync(join(imageFolder, ROOTFS, path)) ||
    mounts.some(({ to }) => path === to || path.startsWith(`${to}/`))
  return isThere ? [] : [{ from, to: path }]
}

/**
 * What an image has at its root and this machine does not, such as /app. All containers of the image share it, but for small files, of which each gets a
 * copy. A folder with a volume in it stays the machine's if the image has no folder for the volume, because it would have to be made in the image.
 */
function filesOfImage(imageFolder: string, volumes: readonly string[]): readonly [shared: Bind[], copies: Bind[]] {
  const root = join(imageFolder, ROOTFS)
  if (!existsSync(root)) return [[], []]
  const found = readdirSync(root)
    .map((name) => ({ from: join(root, name), to: `/${name}` }))
    .filter(({ from, to }) => existsSync(from) && !existsSync(to))
    .filter(({ to }) => !volumes.some((path) => path.startsWith(`${to}/`) && !existsSync(join(root, path))))
  const shared = found.filter(({ from }) => !isSmallFile(from)).map((bind) => ({ ...bind, readOnly: true }))
  return [shared, found.filter(({ from }) => isSmallFile(from))]
}

// The copies are in memory.
const COPY_BYTES_MAX = 64 * 1024

function isSmallFile(path: string): boolean {
  const found = statSync(path)
  return found.isFile() && found.size <= COPY_BYTES_MAX
}

const bindOf = ({ hostPath, containerPath: path, readonly }: Mount): Bind => ({
  from: hostPath,
  to: containerPath(path),
  readOnly: readonly,
})

/** resolv.conf(5), as the kubelet asks for it. */
function resolverOf(folder: string, { dnsConfig }: SandboxConfig): readonly Bind[] {
  if (!dnsConfig) return []
  const { servers, searches, options } = dnsConfig
  const lines = [
    ...servers.map((server) => `nameserver ${server}`),
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ]
  const from = join(folder, 'resolv.conf')
  writeFileSync(from, lines.map((line) => `${line}\n`).join(''), { mode: 0o644 })
  return [{ from, to: '/etc/resolv.conf' }]
}
