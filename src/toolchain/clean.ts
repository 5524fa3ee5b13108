import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isRunning, takeBuildLock } from './build-lock.ts'
import { cacheFolder, defaultCacheDirectory } from './cache.ts'
import { bytesBelow } from './disk.ts'
import { compiledPackages } from './go-folders.ts'
import { GO_MODULES, TOOL_NAMES, TOOLS } from './tools.ts'

/** Something in matchday's cache that no later run of this matchday needs. */
export type Removable = {
  readonly what: 'compiled packages' | 'old program' | 'abandoned build'
  readonly path: string
  readonly bytes: number
}

export type CleanResult = {
  readonly removed: readonly Removable[]
  /** Programs of other versions that processes run, so they stay. */
  readonly inUse: readonly { readonly path: string; readonly pid: number }[]
  /** The folder of compiled packages that the user chose. It is left alone. */
  readonly chosenCache?: string
}

export type CleanOptions = {
  readonly cacheDirectory?: string
  readonly env?: NodeJS.ProcessEnv
  readonly goModules?: string
  /** Nothing is removed. */
  readonly isDryRun?: boolean
  readonly onWait?: (holderPid: number) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Removes the compiled packages, the programs of versions that this matchday does not use, and what killed builds left. Never a program that a process runs, and
 * nothing outside matchday's cache. Waits while another process builds. @throws the signal's reason when aborted while waiting
 */
export async function cleanToolchain(options: CleanOptions = {}): Promise<CleanResult> {
  const env = options.env ?? process.env
  const cacheDirectory = options.cacheDirectory ?? defaultCacheDirectory(env)
  if (options.isDryRun) return found(cacheDirectory, env, options.goModules ?? GO_MODULES)
  const lock = await takeBuildLock(join(cacheDirectory, 'build.lock'), options.onWait ?? (() => {}), options.signal)
  try {
    const result = found(cacheDirectory, env, options.goModules ?? GO_MODULES)
    for (const { path } of result.removed) rmSync(path, { recursive: true, force: true })
    return result
  } finally {
    lock.release()
  }
}

function found(cacheDirectory: string, env: NodeJS.ProcessEnv, goModules: string): CleanResult {
  const compiled = compiledPackages(cacheDirectory, env)
  const old = oldPrograms(cacheDirectory, goModules).map((path) => ({ path, pid: userOf(path) }))
  const removed = [
    ...(compiled.isOwn && existsSync(compiled.path) ? [removable('compiled packages', compiled.path)] : []),
    ...old.filter(({ pid }) => pid === undefined).map(({ path }) => removable('old program', path)),
    ...abandonedBuilds(cacheDirectory).map((path) => removable('abandoned build', path)),
  ]
  const inUse = old.flatMap(({ path, pid }) => (pid === undefined ? [] : [{ path, pid }]))
  return { removed, inUse, ...(compiled.isOwn ? {} : { chosenCache: compiled.path }) }
}

const removable = (what: Removable['what'], path: string): Removable => ({ what, path, bytes: bytesBelow(path) })

/** Folders named like a build that no current program has. A program whose go.mod this package lacks (the lab's) may be in use by another one. */
function oldPrograms(cacheDirectory: string, goModules: string): readonly string[] {
  const isKnown = (name: (typeof TOOL_NAMES)[number]) => existsSync(join(goModules, TOOLS[name].module, 'go.mod'))
  const current = new Set(TOOL_NAMES.filter(isKnown).map((name) => cacheFolder(TOOLS[name], cacheDirectory, goModules)))
  const others = TOOL_NAMES.filter((name) => !isKnown(name))
  return foldersIn(cacheDirectory)
    .filter((name) => BUILD.test(name) && !others.includes(BUILD.exec(name)?.[1] as (typeof TOOL_NAMES)[number]))
    .map((name) => join(cacheDirectory, name))
    .filter((path) => !current.has(path))
}

/** Name, version and digest: see cacheFolder. */
const BUILD = /^([a-z][a-z0-9-]*?)-\d+\.\d+\.\d+[^/]*-[0-9a-f]{12}$/

function abandonedBuilds(cacheDirectory: string): readonly string[] {
  const work = join(cacheDirectory, 'work')
  return foldersIn(work)
    .filter((name) => !isRunning(Number(/-(\d+)$/.exec(name)?.[1] ?? process.pid)))
    .map((name) => join(work, name))
}

/** Links are not followed. */
const foldersIn = (path: string): readonly string[] =>
  existsSync(path)
    ? readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
    : []

/** A process that runs a program of this folder. By inode, because a container may see another path. */
function userOf(folder: string): number | undefined {
  const own = new Set(readdirSync(folder).map((name) => identityOf(join(folder, name))))
  return runningPrograms().find(({ identity }) => own.has(identity))?.pid
}

function runningPrograms(): readonly { readonly pid: number; readonly identity: string | undefined }[] {
  const pids = foldersIn('/proc').filter((name) => /^\d+$/.test(name))
  return pids
    .map((pid) => ({ pid: Number(pid), identity: identityOf(`/proc/${pid}/exe`) }))
    .filter(({ identity }) => identity !== undefined)
}

/** Undefined where it is gone, or belongs to another user. */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}
