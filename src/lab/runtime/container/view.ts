import { chmodSync, chownSync, lstatSync, mkdirSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'
import { isErrno } from '../../machine/processes.ts'
import type { Mount } from '../cri/messages.ts'
import type { Identity } from '../records.ts'

/**
 * A container has no file system of its own. Below its root, each volume is a symbolic link at its path in the pod, and `MATCHDAY_ROOT`
 * names that root. In Node processes a preload maps mounted paths to it (see images/preload).
 */
export type ContainerView = {
  root: string
  temporary: string
  mountPaths: readonly string[]
  notices: readonly string[]
}

export function makeView(folder: string, mounts: readonly Mount[], identity: Identity | undefined): ContainerView {
  const root = join(folder, 'root')
  const temporary = join(root, 'tmp')
  mkdirSync(temporary, { recursive: true, mode: 0o755 })
  const notices: string[] = []
  const mountPaths: string[] = []
  // Parents come first. A volume inside another volume is then noticed and reported, and not written into the outer volume.
  const wanted = mounts.map(({ containerPath: path, hostPath }) => ({ path: containerPath(path), hostPath }))
  for (const { path, hostPath } of wanted.sort((a, b) => a.path.length - b.path.length)) {
    if (linkMount(root, path, hostPath)) mountPaths.push(path)
    else notices.push(`volume at ${path} not mounted: another volume is mounted above it`)
  }
  for (const owned of [root, temporary]) own(owned, identity)
  return { root, temporary, mountPaths, notices }
}

/** Absolute, and without a way out of the root. */
export const containerPath = (path: string): string => posix.resolve('/', path)

/** The real path of a path in the container. */
export const inside = (root: string, path: string): string => join(root, containerPath(path))

function linkMount(root: string, path: string, hostPath: string): boolean {
  if (path === '/') return false
  const link = join(root, path)
  if (parents(root, link).some(isLink)) return false
  mkdirSync(dirname(link), { recursive: true, mode: 0o755 })
  try {
    symlinkSync(hostPath, link)
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error
    return isLink(link) // the same mount twice; it is a folder when another volume is below this one
  }
  return true
}

function parents(root: string, path: string): string[] {
  const steps = relative(root, dirname(path)).split(sep).filter(Boolean)
  return steps.map((_, count) => join(root, ...steps.slice(0, count + 1)))
}

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false

function own(path: string, identity: Identity | undefined): void {
  if (identity) chownSync(path, identity.uid, identity.gid)
}

/**
 * Lets every user enter the folders between the lab's root and `path`. The kubelet makes them 0750, and a container without its own mounts
 * has to walk through them. `path` itself keeps the mode that the kubelet gave it.
 */
export function openWay(labRoot: string, path: string): void {
  const steps = relative(labRoot, dirname(path))
  if (steps === '' || steps.startsWith('..')) return
  for (const folder of parents(labRoot, path)) {
    const found = statSync(folder, { throwIfNoEntry: false })
    if (found && (found.mode & 0o001) === 0) chmodSync(folder, (found.mode & 0o7777) | 0o001)
  }
}

/**
 * The nearest folder on the way to `path` that other users cannot enter, if any. Pods that run as another user would see nothing of the
 * lab.
 */
export function closedFolder(path: string): string | undefined {
  const ways = parents('/', join(path, 'x'))
  return ways.find((folder) => (statSync(folder).mode & 0o001) === 0)
}
