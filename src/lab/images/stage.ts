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

// How files get into the image store: a hard link where possible, since a shared file is also shared memory, else a copy; always
// aside first and then renamed, so that nobody sees half a file and two builds at once don't harm each other.

const READABLE = 0o444
const REACHABLE = 0o555

/** Puts a file where every user can read it (and run it, if the owner can). Nothing happens when it is there already. */
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

/** Another file system, or a kernel that lets nobody link the files of others. */
function link(source: string, target: string): boolean {
  try {
    linkSync(source, target)
    return true
  } catch {
    return false
  }
}

/** Stages a whole folder, links included; `wanted` says no to what isn't needed, by path relative to the source. */
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

/** Fills a folder that appears complete or not at all. Nothing happens when it is there: its name says what is in it. */
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
    if (!existsSync(target)) throw error // another build was quicker
  }
}

/** npm packages can't hold symbolic links: `list` names them, and the package's install script makes them, if it was allowed to run. */
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

/** Where a version of an image lies, relative to the store. */
export const versionFolder = (name: string, digest: string): string =>
  join(name.replaceAll('/', '_'), digest.slice('sha256:'.length, 'sha256:'.length + 16))
