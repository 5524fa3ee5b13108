import { join } from 'node:path'
import { takeBuildLock } from './build-lock.ts'
import { type BuildSeries, startBuildSeries } from './build-series.ts'
import { buildArguments, cachedBuild, cacheFolder, keepBuild, keepCarried, placeAside, removeAside } from './cache.ts'
import { goFailure, runGo } from './go-command.ts'
import { compiledPackages } from './go-folders.ts'
import type { ToolProgress } from './progress.ts'
import { ToolchainError } from './toolchain-error.ts'
import { pinnedVersion, type Tool } from './tools.ts'
import { probeVersion } from './version-probe.ts'
import { prepareWorkFolder, removeWorkFolder, sourceOf } from './work-folder.ts'

export type BuildOptions = {
  readonly cacheDirectory: string
  readonly goModules: string
  readonly onProgress: (progress: ToolProgress) => void
  readonly signal?: AbortSignal | undefined
  readonly env: NodeJS.ProcessEnv
}

export type BuiltTool = { readonly path: string; readonly version: string }

/**
 * Builds the tools that are not in the cache, one at a time in the given order, and keeps each as soon as it is verified. Several processes may ask
 * at once: one builds, the others wait and then use the result. @throws ToolchainError with one clear cause; the signal's reason when aborted. In
 * both cases nothing broken is left in the cache
 */
export async function buildTools(tools: readonly Tool[], options: BuildOptions): Promise<Map<Tool, BuiltTool>> {
  const startedMs = performance.now()
  const elapsedMs = () => Math.round(performance.now() - startedMs)
  const lock = await takeBuildLock(
    join(options.cacheDirectory, 'build.lock'),
    (holderPid) => options.onProgress({ kind: 'waiting', holderPid, elapsedMs: elapsedMs() }),
    options.signal,
  ).catch((error: unknown) => Promise.reject(clear(error)))
  const folders = new Map<string, string>()
  try {
    return await inSeries(tools, folders, options)
  } catch (error) {
    throw clear(error)
  } finally {
    for (const folder of folders.values()) removeWorkFolder(folder)
    lock.release()
  }
}

/** Another process may have built some of them while this one waited for the lock. */
async function inSeries(
  tools: readonly Tool[],
  folders: Map<string, string>,
  options: BuildOptions,
): Promise<Map<Tool, BuiltTool>> {
  const folderOf = (tool: Tool) => cacheFolder(tool, options.cacheDirectory, options.goModules)
  const found = new Map(tools.map((tool) => [tool, cachedBuild(tool, folderOf(tool))]))
  const series = startBuildSeries(
    tools.filter((tool) => found.get(tool) === undefined),
    options,
  )
  const ownCache = { ...options, env: withOwnCache(options) }
  const built = new Map<Tool, BuiltTool>()
  for (const tool of tools)
    built.set(tool, found.get(tool) ?? (await buildOne(tool, folderOf(tool), folders, ownCache, series)))
  series.end()
  return built
}

/** Go keeps compiled packages in matchday's own folder, unless the user chose another. */
function withOwnCache({ cacheDirectory, env }: BuildOptions): NodeJS.ProcessEnv {
  return { ...env, GOCACHE: compiledPackages(cacheDirectory, env).path }
}

async function buildOne(
  tool: Tool,
  folder: string,
  folders: Map<string, string>,
  options: BuildOptions,
  series: BuildSeries,
): Promise<BuiltTool> {
  const ticker = startTicker(tool, options.onProgress, series)
  try {
    const work = folders.get(tool.module) ?? (await prepare(tool, folders, options, ticker))
    const built = await compile(tool, folder, work, options, ticker)
    series.built(tool, ticker.compilingMs())
    return built
  } finally {
    ticker.stop()
  }
}

async function prepare(
  tool: Tool,
  folders: Map<string, string>,
  options: BuildOptions,
  ticker: Ticker,
): Promise<string> {
  ticker.say(FETCHING)
  const work = await prepareWorkFolder(tool.module, options.goModules, options.cacheDirectory, {
    onLine: ticker.say,
    signal: options.signal,
    env: options.env,
  })
  folders.set(tool.module, work)
  return work
}

async function compile(
  tool: Tool,
  folder: string,
  work: string,
  options: BuildOptions,
  ticker: Ticker,
): Promise<BuiltTool> {
  const version = pinnedVersion(tool, options.goModules)
  const aside = placeAside(tool, folder)
  try {
    const { signal, env } = options
    for (const parameters of goCommands(tool, version, aside)) {
      const result = await runGo({ arguments: parameters, folder: work, onLine: ticker.say, signal, env })
      if (result.code !== 0) throw goFailure(`building ${tool.name} ${version}`, result)
    }
    await verify(tool, aside, version)
    if (tool.carries) keepCarried(tool, folder, await sourceOf(tool, work, { onLine: ticker.say, signal, env }))
    const path = keepBuild(tool, folder, aside, version)
    options.onProgress({ kind: 'built', tool: tool.name, version, path, elapsedMs: ticker.elapsedMs() })
    return { path, version }
  } finally {
    removeAside(aside)
  }
}

/**
 * `go test -c` does not say which packages it compiles, for minutes. `go list -export` compiles the same ones and does. Vet would go through all packages of
 * Kubernetes.
 */
function goCommands(tool: Tool, version: string, output: string): readonly string[][] {
  const flags = buildArguments(tool, version)
  if (!tool.isTest) return [['build', '-v', ...flags, '-o', output, tool.package]]
  return [
    ['list', '-v', '-export', '-deps', '-test', '-f', '', ...flags, tool.package],
    ['test', '-c', '-vet=off', ...flags, '-o', output, tool.package],
  ]
}

async function verify(tool: Tool, path: string, version: string): Promise<void> {
  const probed = await probeVersion(tool, path)
  if (probed.ok && probed.version === version) return
  throw new ToolchainError({
    code: 'build-unusable',
    problem: `${tool.name} was built, but does not say that it is version ${version}.`,
    tried: [probed.ok ? `it says ${probed.version}` : probed.why],
    next: 'look for a full disk or a Go for another machine (go env GOOS GOARCH), then try again.',
  })
}

const FETCHING = 'fetching its source'

type Ticker = { say(line: string): void; elapsedMs(): number; compilingMs(): number; stop(): void }

/** Progress once a second, also while go prints nothing for a minute, so that it does not seem to hang. */
function startTicker(tool: Tool, onProgress: (progress: ToolProgress) => void, series: BuildSeries): Ticker {
  const startedMs = performance.now()
  const elapsedMs = () => Math.round(performance.now() - startedMs)
  let doing = 'starting'
  let packages = 0
  let compilingFromMs: number | undefined
  const compilingMs = () => (compilingFromMs === undefined ? 0 : performance.now() - compilingFromMs)
  const tick = () => {
    const leftMs = series.leftMs(tool, { packages, tookMs: compilingMs() })
    const left = leftMs === undefined ? {} : { leftMs }
    onProgress({ kind: 'building', tool: tool.name, doing, packages, elapsedMs: elapsedMs(), ...left })
  }
  tick()
  const timer = setInterval(tick, 1_000)
  return {
    say: (line) => {
      doing = line
      if (line.startsWith('go: ') || line === FETCHING) return
      packages += 1
      compilingFromMs ??= performance.now()
    },
    elapsedMs,
    compilingMs,
    stop: () => clearInterval(timer),
  }
}

/** A full disk shows in our own writes as well as in go's. */
function clear(error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return error
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    return new ToolchainError({
      code: 'disk-full',
      problem: 'the disk is full.',
      tried: [error.message],
      next: 'make room, or put the cache elsewhere with XDG_CACHE_HOME.',
      cause: error,
    })
  }
  if (error.code === 'EACCES' || error.code === 'EROFS' || error.code === 'EPERM') {
    return new ToolchainError({
      code: 'cache-unwritable',
      problem: 'the cache for built programs may not be written.',
      tried: [error.message],
      next: 'put the cache elsewhere with XDG_CACHE_HOME.',
      cause: error,
    })
  }
  return error
}
