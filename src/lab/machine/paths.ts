// Where the lab keeps its files. All files and sockets of a lab are below one root folder, so that a lab can be found, inspected and
// deleted as a whole. Paths are short because the path of a unix socket may have at most 107 bytes.
import { chmodSync, existsSync, lstatSync, mkdirSync, realpathSync, statSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { LabError } from './lab-error.ts'

export type NodePaths = {
  /** The node's own folder. */
  readonly root: string
  /** The socket of the CRI server: served by the node runtime, used by the kubelet. */
  readonly criSocket: string
  /** `--root-dir` of the kubelet: pods, volumes, plugins. */
  readonly kubeletRoot: string
  /** Container logs, as the kubelet asks for them: `<pod>/<container>/N.log`. */
  readonly podLogs: string
}

export type LabPaths = {
  readonly root: string
  /** State of the lab (see state.ts): pids with start times, address of the API server, nodes. Mode 0644, no secrets. */
  readonly state: string
  /** Administrator's kubeconfig, context `lab`, mode 0600. */
  readonly kubeconfig: string
  /** Keys, tokens, etcd's data; mode 0700. */
  readonly controlPlane: string
  /** Written by the image store and world-readable, because pods run from here. Outlives a lab. */
  readonly images: string
  readonly volumes: string
  /** Node's compile cache for the lab's own programs; it halves their start time. Outlives a lab. */
  readonly compileCache: string
  readonly net: string
  readonly nodes: string
  readonly logs: string
  /** HTTP/JSON control socket of the owner. */
  readonly ownerSocket: string
  /** HTTP/JSON control socket of the node runtime. */
  readonly runtimeSocket: string
  log(component: string): string
  node(name: string): NodePaths
}

// Linux: sun_path has 108 bytes including the terminator. The longest socket name below the root is a kubelet's plug-in socket.
export const SOCKET_PATH_MAX_BYTES = 107
const LONGEST_SOCKET = join('nodes', 'zone-a-realtime', 'kubelet', 'pod-resources', 'kubelet.sock')

/** The default root: one for each user, so that two users never share files. */
export function defaultLabRoot(): string {
  const chosen = process.env.MATCHDAY_LAB_DIR
  return chosen ? resolve(chosen) : join(tmpdir(), `matchday-${userInfo().uid}`, 'lab')
}

/** All paths of the lab below `root`. Pure: creates nothing. @throws LabError when the root is too long for unix sockets */
export function labPaths(root: string = defaultLabRoot()): LabPaths {
  const base = resolve(root)
  const lengthBytes = Buffer.byteLength(join(base, LONGEST_SOCKET))
  if (lengthBytes > SOCKET_PATH_MAX_BYTES) {
    throw new LabError({
      code: 'lab-root-too-long',
      problem: `the lab folder ${base} is ${lengthBytes - SOCKET_PATH_MAX_BYTES} bytes too long for the unix sockets below it.`,
      next: 'choose a shorter folder in MATCHDAY_LAB_DIR.',
    })
  }
  const at = (...parts: string[]) => join(base, ...parts)
  return {
    root: base,
    state: at('lab.json'),
    kubeconfig: at('kubeconfig'),
    controlPlane: at('control-plane'),
    images: at('images'),
    volumes: at('volumes'),
    compileCache: at('compile-cache'),
    net: at('net'),
    nodes: at('nodes'),
    logs: at('logs'),
    ownerSocket: at('owner.sock'),
    runtimeSocket: at('runtime.sock'),
    log: (component) => at('logs', `${component}.log`),
    node: (name) => ({
      root: at('nodes', name),
      criSocket: at('nodes', name, 'cri.sock'),
      kubeletRoot: at('nodes', name, 'kubelet'),
      podLogs: at('nodes', name, 'pod-logs'),
    }),
  }
}

/** Root's pods run as another user, who has to pass through. Elsewhere pods run as the lab's user, and no other user needs access. */
export const PASSABLE = process.getuid?.() === 0 ? 0o755 : 0o700

/** Whatever the umask. */
function makePassable(root: string): void {
  const first = mkdirSync(root, { recursive: true })
  for (let folder = root; first !== undefined && folder.startsWith(first); folder = dirname(folder))
    chmodSync(folder, PASSABLE)
}

/** Creates the root and the folders above it, if they are missing. @throws LabError when another user could change what is in it */
export function claimRoot(root: string): void {
  requireOwn(root)
  makePassable(root)
  requireOwn(root)
  if (lstatSync(root).uid !== process.getuid?.()) throw foreign(root, 'belongs to another user')
}

/**
 * The default root lies below a folder that everybody may write to, where another user can make the lab's folder in advance and so choose
 * what the lab runs and whom it trusts. Below such a folder each step must be a folder, no link, that belongs to this user and that nobody
 * else may write to. Call this before anything is read from, or written to, a lab's folder.
 * @throws LabError naming the first folder that is not
 */
export function requireOwn(root: string): void {
  for (const path of new Set([root, existsSync(root) ? realpathSync(root) : root])) requireOwnSteps(path)
}

const WORLD_WRITABLE = 0o002
const OTHERS_MAY_WRITE = 0o022
const STICKY = 0o1000

function requireOwnSteps(path: string): void {
  let isShared = false
  for (const folder of stepsTo(path)) {
    const found = lstatSync(folder, { throwIfNoEntry: false })
    if (found === undefined) return
    if (!isShared && folder !== path) {
      const target = statSync(folder, { throwIfNoEntry: false })
      isShared = target !== undefined && (target.mode & WORLD_WRITABLE) !== 0
      continue
    }
    if (!found.isDirectory()) throw foreign(folder, found.isSymbolicLink() ? 'is a symbolic link' : 'is not a folder')
    if (!isShared) continue
    if (found.uid !== process.getuid?.())
      throw foreign(folder, `belongs to user ${found.uid}, not to you (${process.getuid?.()})`)
    // In a sticky folder of ours nobody else can rename what is ours.
    if ((found.mode & STICKY) !== 0 && folder !== path) continue
    if ((found.mode & OTHERS_MAY_WRITE) !== 0)
      throw foreign(folder, `may be written by other users (mode ${(found.mode & 0o777).toString(8)})`)
  }
}

/** `/a/b`: `/`, `/a`, `/a/b`. */
function stepsTo(path: string): readonly string[] {
  const above = dirname(path)
  return above === path ? [path] : [...stepsTo(above), path]
}

const foreign = (folder: string, problem: string): LabError =>
  new LabError({
    code: 'lab-root-foreign',
    problem: `the folder ${folder} ${problem}.`,
    next: 'ask its owner to remove it, or choose another folder in MATCHDAY_LAB_DIR.',
  })
