import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'

// How files get into the image store: as a hard link if possible, because a shared file also shares memory, else as a copy. Files are
// always written under a temporary name and renamed, so that nobody sees half a file and two builds at once do not disturb each other.

const READABLE = 0o444
const REACHABLE = 0o555

/** Puts a file where every user can read it (and run it, if the owner can). Does nothing when it is already there. */
export function stageFile(source: string, target: string): void {
  const wanted = statSync(source)
  const found = statSync(target, { throwIfNoEntry: false })
  if (found && (found.ino === wanted.ino || (found.size === wanted.size && found.mtimeMs === wanted.mtimeMs))) return
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 })
  const aside = asideOf(target)
  const needed = wanted.mode & 0o100 ? REACHABLE : READABLE
  if ((wanted.mode & needed) !== needed || !link(source, aside)) {
    copyFileSync(source, aside)
    chmodSync(aside, wanted.mode | needed)
    utimesSync(aside, wanted.atimeMs / 1000, wanted.mtimeMs / 1000)
  }
  renameSync(aside, target)
}

/** The store is on another file system, or the kernel forbids links to files of other users. */
function link(source: string, target: string): boolean {
  try {
    linkSync(source, target)
    return true
  } catch {
    return false
  }
}

/** Stages a whole folder, including links. `wanted` gets the path relative to the source and returns false for what is not needed. */
export function stageFolder(source: string, target: string, wanted: (relative: string) => boolean, at = ''): void {
  mkdirSync(join(target, at), { recursive: true, mode: 0o755 })
  chmodSync(join(target, at), 0o755)
  for (const name of readdirSync(join(source, at))) {
    const relative = join(at, name)
    if (!wanted(relative)) continue
    const stat = lstatSync(join(source, relative))
    if (stat.isDirectory()) stageFolder(source, target, wanted, relative)
    else if (stat.isSymbolicLink()) symlinkSync(readlinkSync(join(source, relative)), join(target, relative))
    else stageFile(join(source, relative), join(target, relative))
  }
}

/** Fills a folder so that it appears complete or not at all. Does nothing when it exists, because its name is the digest of its content. */
export async function stageVersion(target: string, fill: (aside: string) => void | Promise<void>): Promise<void> {
  if (existsSync(target)) return
  const aside = asideOf(target)
  mkdirSync(aside, { recursive: true, mode: 0o755 })
  chmodSync(dirname(aside), 0o755)
  try {
    await fill(aside)
    chmodSync(aside, 0o755)
    renameSync(aside, target)
  } catch (error) {
    rmSync(aside, { recursive: true, force: true })
    if (!existsSync(target)) throw error // else another build was faster
  }
}

/**
 * npm packages cannot contain symbolic links. `list` names them, and the package's install script creates them if it was allowed to run.
 */
export function hydrateLinks(list: string, staged: string): void {
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'))
  for (const { source, target } of links) {
    const at = join(staged, relative('native', target))
    if (!existsSync(at) && existsSync(dirname(at))) symlinkSync(basename(source), at)
  }
}

const asideOf = (path: string): string => `${path}.${process.pid}.${randomBytes(3).toString('hex')}`

export const digestOf = (...parts: readonly (string | Buffer)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}:`).update(part)
  return `sha256:${hash.digest('hex')}`
}

/** The folder of a version of an image, relative to the store. */
export const versionFolder = (name: string, digest: string): string =>
  join(name.replaceAll('/', '_'), digest.slice('sha256:'.length, 'sha256:'.length + 16))
