// The definitions (CRDs) of the Gateway API, from its Go module. They are data: nothing is compiled. Go checks the module by go.sum.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { defaultCacheDirectory } from './cache.ts'
import { goFailure, runGo } from './go-command.ts'
import { ToolchainError } from './toolchain-error.ts'
import { GO_MODULES, requiredVersion } from './tools.ts'

export type DefinitionsOptions = {
  readonly cacheDirectory?: string
  readonly env?: NodeJS.ProcessEnv
  readonly signal?: AbortSignal | undefined
  readonly goModules?: string
  /** Called before the module is fetched. */
  readonly onFetch?: (version: string) => void
}

/** A folder that holds the definitions, if not the pinned release's. */
export const DEFINITIONS_VARIABLE = 'MATCHDAY_GATEWAY_API'

const MODULE = 'sigs.k8s.io/gateway-api'
const STANDARD_CHANNEL = 'config/crd/standard'
const ONE_OF_THEM = 'gateway.networking.k8s.io_httproutes.yaml'

/**
 * The folder with the definitions of the standard channel: the one that the user names, the cached one, or the module's.
 * @throws ToolchainError with what was tried; the signal's reason when aborted
 */
export async function gatewayDefinitions(options: DefinitionsOptions = {}): Promise<string> {
  const env = options.env ?? process.env
  const given = env[DEFINITIONS_VARIABLE]
  if (given !== undefined && given !== '') return takeGiven(given)
  const module = join(options.goModules ?? GO_MODULES, 'gateway-api')
  const version = requiredVersion(readFileSync(join(module, 'go.mod'), 'utf8'), MODULE)
  const folder = join(options.cacheDirectory ?? defaultCacheDirectory(env), `gateway-api-${version}`)
  if (existsSync(join(folder, ONE_OF_THEM))) return folder
  options.onFetch?.(version)
  const source = await download(module, env, options.signal)
  keep(join(source, STANDARD_CHANNEL), folder)
  return folder
}

function takeGiven(folder: string): string {
  if (existsSync(join(folder, ONE_OF_THEM))) return folder
  throw new ToolchainError({
    code: 'tool-unusable',
    problem: `${DEFINITIONS_VARIABLE} names a folder without ${ONE_OF_THEM}.`,
    next: `name the folder ${STANDARD_CHANNEL} of ${MODULE}, or unset the variable so that matchday fetches it.`,
  })
}

async function download(folder: string, env: NodeJS.ProcessEnv, signal: AbortSignal | undefined): Promise<string> {
  const result = await runGo({ arguments: ['mod', 'download', '-json', MODULE], folder, env, signal })
  // `go mod download -json` reports a failed module on its standard output.
  if (result.code !== 0)
    throw goFailure(`fetching ${MODULE}`, { ...result, stderr: `${result.stderr}\n${result.stdout}` })
  const found: { Dir?: string } = JSON.parse(result.stdout)
  if (found.Dir === undefined) throw new Error(`go mod download named no folder: ${result.stdout}`)
  return found.Dir
}

/** One rename, so that a partial copy never counts. Another process may have been faster. */
function keep(source: string, folder: string): void {
  const aside = `${folder}.${process.pid}`
  mkdirSync(dirname(folder), { recursive: true })
  cpSync(source, aside, { recursive: true, mode: 0 })
  try {
    renameSync(aside, folder)
  } catch (error) {
    rmSync(aside, { recursive: true, force: true })
    if (!existsSync(join(folder, ONE_OF_THEM))) throw error
  }
}
