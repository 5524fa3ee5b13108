import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** Where Go keeps the packages that it compiled. */
export type CompiledPackages = {
  readonly path: string
  /** False: the user chose it (GOCACHE), so other Go work may need what is in it. */
  readonly isOwn: boolean
}

/** Beside the programs, so that it can be removed without harm to the user's other Go work; or what the user set in the environment or with `go env -w`. */
export function compiledPackages(cacheDirectory: string, env: NodeJS.ProcessEnv): CompiledPackages {
  const chosen = goSetting('GOCACHE', env)
  return chosen === undefined
    ? { path: join(dirname(cacheDirectory), 'go-build'), isOwn: true }
    : { path: chosen, isOwn: false }
}

/** The folder of fetched modules: GOMODCACHE, or below the first GOPATH. */
export function moduleCache(env: NodeJS.ProcessEnv): string {
  const [path = ''] = (goSetting('GOPATH', env) ?? '').split(':')
  return goSetting('GOMODCACHE', env) ?? join(path || join(env.HOME || homedir(), 'go'), 'pkg', 'mod')
}

/** From the environment, else from the file of `go env -w`. `go env` would not tell a choice from a default. */
function goSetting(name: string, env: NodeJS.ProcessEnv): string | undefined {
  return env[name] || settingIn(settingsFile(env), name) || undefined
}

function settingsFile(env: NodeJS.ProcessEnv): string | undefined {
  if (env.GOENV) return env.GOENV === 'off' ? undefined : env.GOENV
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'go', 'env')
}

/** The last line that sets it counts. */
function settingIn(file: string | undefined, name: string): string | undefined {
  try {
    const lines = file === undefined ? [] : readFileSync(file, 'utf8').split('\n')
    const line = lines.findLast((each) => each.trimStart().startsWith(`${name}=`))
    return line?.slice(line.indexOf('=') + 1).trim()
  } catch {
    return undefined
  }
}
