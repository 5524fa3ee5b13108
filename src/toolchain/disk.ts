import { existsSync, lstatSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type ExpectedBuild, moduleBytes } from './build-costs.ts'
import { type CompiledPackages, moduleCache } from './go-folders.ts'
import { ToolchainError } from './toolchain-error.ts'
import { pinnedVersion, type Tool } from './tools.ts'

/** Bytes that a folder is about to get. */
export type DiskNeed = { readonly folder: string; readonly bytes: number }

export type DiskPlan = { readonly needs: readonly DiskNeed[]; readonly isWarm: boolean }

/** What builds will write: programs, and compiled packages and modules as far as they are not there. */
export function diskPlan(
  tools: readonly Tool[],
  expected: readonly ExpectedBuild[],
  places: {
    readonly cacheDirectory: string
    readonly goModules: string
    readonly compiled: CompiledPackages
    readonly env: NodeJS.ProcessEnv
  },
): DiskPlan {
  const total = (each: (build: ExpectedBuild) => number) => expected.reduce((sum, build) => sum + each(build), 0)
  const present = presentBytes(places.compiled)
  const modules = moduleCache(places.env)
  const needs = [
    { folder: places.cacheDirectory, bytes: total(({ programBytes }) => programBytes) },
    { folder: places.compiled.path, bytes: Math.max(0, total(({ compiledBytes }) => compiledBytes) - present) },
    { folder: modules, bytes: missingModules(tools, modules, places.goModules) },
  ]
  return { needs, isWarm: present > 0 }
}

/** A cache of the user's that holds anything is taken to hold all: counting it takes long where it has 15 GB. */
function presentBytes({ path, isOwn }: CompiledPackages): number {
  if (isOwn) return bytesBelow(path)
  const isUsed = existsSync(path) && readdirSync(path).some((name) => /^[0-9a-f]{2}$/.test(name))
  return isUsed ? Number.POSITIVE_INFINITY : 0
}

/** A Go module's own requirement stands for all that it needs. */
function missingModules(tools: readonly Tool[], modules: string, goModules: string): number {
  const missing = tools.filter((tool) => {
    // Go writes a capital letter as ! and the small one.
    const escaped = tool.requirement.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`)
    return !existsSync(join(modules, `${escaped}@v${pinnedVersion(tool, goModules)}`))
  })
  return [...new Set(missing.map(({ module }) => module))].reduce((sum, each) => sum + moduleBytes(each), 0)
}

/** The free bytes where the folder lies or will lie. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(existing(folder))
  return bavail * bsize
}

/** @throws ToolchainError when a file system that gets several of these folders has too little room for all of them */
export function refuseFullDisk(needs: readonly DiskNeed[]): void {
  for (const { folder, bytes } of byFileSystem(needs)) {
    const free = freeBytes(folder)
    if (free >= bytes) continue
    throw new ToolchainError({
      code: 'disk-too-small',
      problem: `the builds need about ${gigabytes(bytes)} of disk, and ${gigabytes(free)} are free at ${folder}.`,
      next: 'make room, for instance by matchday toolchain clean, or put the cache elsewhere with XDG_CACHE_HOME.',
    })
  }
}

function byFileSystem(needs: readonly DiskNeed[]): readonly DiskNeed[] {
  const sums = new Map<number, DiskNeed>()
  for (const { folder, bytes } of needs) {
    const device = statSync(existing(folder)).dev
    const before = sums.get(device)
    sums.set(device, { folder: before?.folder ?? folder, bytes: (before?.bytes ?? 0) + bytes })
  }
  return [...sums.values()]
}

function existing(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : existing(dirname(folder))
}

/** What the files below a path take on the disk. Links are not followed; a file that another process removes meanwhile is none. */
export function bytesBelow(path: string): number {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return 0
  // A block is 512 bytes here, whatever the file system has.
  const own = stats.blocks * 512
  return stats.isDirectory() ? own + namesIn(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0) : own
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** For people: 4.5 GB, 38 GB, 120 MB. */
export function gigabytes(bytes: number): string {
  if (bytes < 0.95e9) return `${Math.ceil(bytes / 1e6)} MB`
  const amount = bytes / 1e9
  return `${amount < 10 ? Number(amount.toFixed(1)) : Math.round(amount)} GB`
}
