// Finds or builds the programs that matchday needs and npm does not have: k6, etcd, Kubernetes, KEDA, KWOK and Karpenter, and for its tests Prometheus
// and Argo Rollouts. Order: a program that the user names; one on the PATH of the pinned minor release; the project's own build from its cache; otherwise
// Go builds it from the go.mod and go.sum that are committed here. Partial builds are never kept.
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { buildTools } from './build.ts'
import { cachedBuild, cacheFolder, defaultCacheDirectory } from './cache.ts'
import type { ToolProgress, ToolSource } from './progress.ts'
import { ToolchainError } from './toolchain-error.ts'
import {
  environmentVariable,
  GO_MODULES,
  isSameMinor,
  pinnedVersion,
  requiredGo,
  TOOL_GROUPS,
  TOOL_NAMES,
  TOOLS,
  type Tool,
  type ToolName,
} from './tools.ts'
import { probeVersion } from './version-probe.ts'

export type { ToolProgress, ToolSource } from './progress.ts'
export { ToolchainError } from './toolchain-error.ts'
export { STANDARD_TOOLS, TOOL_GROUPS, TOOL_NAMES, type ToolName } from './tools.ts'

export const KEDA_TOOLS = TOOL_GROUPS.keda

export type ResolvedTool = {
  readonly name: ToolName
  readonly path: string
  readonly version: string
  readonly source: ToolSource
}

export type ResolveOptions = {
  /** Paths that the user gave by flags; they win over MATCHDAY_<TOOL> in `env`. */
  readonly given?: Partial<Record<ToolName, string>>
  readonly cacheDirectory?: string
  readonly env?: NodeJS.ProcessEnv
  readonly onProgress?: (progress: ToolProgress) => void
  readonly signal?: AbortSignal | undefined
  /** Folder with go.mod and go.sum for each module, if not the project's. */
  readonly goModules?: string
}

export const LAB_TOOLS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kubectl',
] as const

/** One program; see resolveAll. */
export async function resolveTool(name: ToolName, options: ResolveOptions = {}): Promise<ResolvedTool> {
  const found = await resolveAll([name], options)
  return found[name]
}

/** The program if it need not be built; undefined otherwise. @throws ToolchainError for one that the user gave and that does not serve */
export async function existingTool(name: ToolName, options: ResolveOptions = {}): Promise<ResolvedTool | undefined> {
  return (await find(TOOLS[name], options)).found
}

/**
 * A path and a version for each requested program. Missing ones are built, one at a time. @throws ToolchainError with what was tried and the next
 * step; the signal's reason when aborted
 */
export async function resolveAll<N extends ToolName>(
  names: readonly N[],
  options: ResolveOptions = {},
): Promise<Record<N, ResolvedTool>> {
  const wanted = TOOL_NAMES.filter((name) => names.some((one) => one === name)).map((name) => TOOLS[name])
  const results = new Map<ToolName, ResolvedTool>()
  const looked = await Promise.all(wanted.map((tool) => find(tool, options)))
  const missing = wanted.filter((_tool, position) => looked[position]?.found === undefined)
  for (const { found } of looked) if (found) accept(found, results, options)
  if (missing.length > 0) {
    const built = await build(
      missing,
      looked.flatMap((one) => one.tried),
      options,
    )
    for (const [tool, { path, version }] of built)
      accept({ name: tool.name, path, version, source: 'built' }, results, options)
  }
  return Object.fromEntries(results) as Record<N, ResolvedTool> // every name asked for is in it: found, built, or thrown above
}

function accept(found: ResolvedTool, results: Map<ToolName, ResolvedTool>, options: ResolveOptions): void {
  results.set(found.name, found)
  const { name, ...rest } = found
  options.onProgress?.({ kind: 'found', tool: name, ...rest })
}

type Looked = { readonly found?: ResolvedTool; readonly tried: readonly string[] }

async function find(tool: Tool, options: ResolveOptions): Promise<Looked> {
  const env = options.env ?? process.env
  const given = options.given?.[tool.name] ?? env[environmentVariable(tool.name)]
  if (given) return { found: await takeGiven(tool, resolve(given)), tried: [] }
  const onPath = tool.acceptsPath ? await findOnPath(tool, env.PATH ?? '', options) : { tried: [] }
  return onPath.found ? onPath : { ...findInCache(tool, options), tried: onPath.tried }
}

/** A program that the user names is used whatever its version. It is refused only if it is another program or does not run. */
async function takeGiven(tool: Tool, path: string): Promise<ResolvedTool> {
  const probed = await probeVersion(tool, path)
  if (probed.ok) return { name: tool.name, path, version: probed.version, source: 'given' }
  throw new ToolchainError({
    code: 'tool-unusable',
    problem: `the ${tool.name} that was given does not serve: ${probed.why}.`,
    next: `give another one in ${environmentVariable(tool.name)}, or none: then matchday finds or builds it.`,
  })
}

/** The first program of that name on the PATH is used, as in a shell. */
async function findOnPath(tool: Tool, searchPath: string, options: ResolveOptions): Promise<Looked> {
  const path = searchPath
    .split(delimiter)
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, tool.name))
    .find(isExecutable)
  if (path === undefined) return { tried: [`no ${tool.name} on the PATH`] }
  const pinned = pinnedVersion(tool, options.goModules ?? GO_MODULES)
  const probed = await probeVersion(tool, path)
  if (!probed.ok) return { tried: [probed.why] }
  if (!isSameMinor(probed.version, pinned)) {
    return { tried: [`${path} is version ${probed.version}; ${pinned} or another of its minor release is needed`] }
  }
  return { found: { name: tool.name, path, version: probed.version, source: 'path' }, tried: [] }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function findInCache(tool: Tool, options: ResolveOptions): { found?: ResolvedTool } {
  const folder = cacheFolder(
    tool,
    options.cacheDirectory ?? defaultCacheDirectory(options.env),
    options.goModules ?? GO_MODULES,
  )
  const cached = cachedBuild(tool, folder)
  return cached ? { found: { name: tool.name, ...cached, source: 'cache' } } : {}
}

async function build(missing: readonly Tool[], tried: readonly string[], options: ResolveOptions) {
  try {
    return await buildTools(missing, {
      cacheDirectory: options.cacheDirectory ?? defaultCacheDirectory(options.env),
      goModules: options.goModules ?? GO_MODULES,
      onProgress: options.onProgress ?? (() => {}),
      signal: options.signal,
      env: options.env ?? process.env,
    })
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error
    const { code, problem } = error
    const next = NEEDS_GO.includes(code) ? nextWithGo(missing, options) : error.next
    throw new ToolchainError({ code, problem, next, tried: [...tried, ...error.tried], cause: error })
  }
}

const NEEDS_GO: readonly string[] = ['go-missing', 'go-too-old']

/** Either way out: the Go release that all modules take, or the programs themselves. */
function nextWithGo(missing: readonly Tool[], { goModules = GO_MODULES }: ResolveOptions): string {
  const releases = missing.map(({ module }) => requiredGo(readFileSync(join(goModules, module, 'go.mod'), 'utf8')))
  const newest = releases.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)
  const given = missing.map(({ name }) => `${environmentVariable(name)}=/path/to/${name}`).join(' ')
  return `install Go ${newest} or newer, from your system or from go.dev/dl; or name what you have: ${given}`
}
