import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ToolchainError } from './toolchain-error.ts'

export type GoRun = {
  readonly arguments: readonly string[]
  readonly folder: string
  /** Each line that go writes to its standard error: with -v, the package being compiled or the module being fetched. */
  readonly onLine?: (line: string) => void
  readonly signal?: AbortSignal | undefined
  readonly env: NodeJS.ProcessEnv
}

export type GoResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

const KEPT_LINES = 40

/**
 * The Go compiler is a Go program, of which a build starts thousands. With 400 they collect garbage less often, and the control plane is built in 7 % less
 * time (680 seconds of CPU instead of 734). The programs are the same, so it is no part of the key of the cache.
 */
export const COMPILER_GOGC = '400'

/**
 * Runs go to its end, without a time limit: a module proxy may be slow. On abort go and its compilers are ended, as one group.
 * @throws ToolchainError when there is no go; the signal's reason when aborted
 */
export async function runGo(run: GoRun): Promise<GoResult> {
  run.signal?.throwIfAborted()
  const child = spawn('go', [...run.arguments], {
    cwd: run.folder,
    // A group of its own, so that the compilers that go starts can be ended with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Static programs: no C compiler is needed. A workspace or flags of the user's shell must not change what is built.
    env: {
      ...run.env,
      CGO_ENABLED: '0',
      GOWORK: 'off',
      GOFLAGS: '',
      GOGC: run.env.GOGC || COMPILER_GOGC,
      ...releaseFor(run.folder),
    },
  })
  let killing: NodeJS.Timeout | undefined
  const end = () => {
    endGroup(child.pid, 'SIGTERM')
    killing = setTimeout(() => endGroup(child.pid, 'SIGKILL'), END_WITHIN_MS)
  }
  run.signal?.addEventListener('abort', end, { once: true })
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.on('error', (error) => reject(noGo(error)))
  child.on('close', resolve)
  let stdout = ''
  const stderr: string[] = []
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  createInterface({ input: child.stderr }).on('line', (line) => {
    stderr.push(line)
    if (stderr.length > KEPT_LINES) stderr.shift()
    run.onLine?.(line)
  })
  try {
    const code = await promise
    run.signal?.throwIfAborted()
    return { code, stdout, stderr: stderr.join('\n') }
  } finally {
    clearTimeout(killing)
    run.signal?.removeEventListener('abort', end)
  }
}

/**
 * A go.mod with a `toolchain` line names the Go that builds it. Go fetches that release where the machine's own is older, unless it is told not to
 * (GOTOOLCHAIN=local, as many distributions do).
 */
function releaseFor(folder: string): { readonly GOTOOLCHAIN?: string } {
  const file = join(folder, 'go.mod')
  return existsSync(file) && /^toolchain /m.test(readFileSync(file, 'utf8')) ? { GOTOOLCHAIN: 'auto' } : {}
}

/** The user pressed Ctrl-C and is waiting. */
const END_WITHIN_MS = 2000

function endGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // It has ended by itself in the meantime.
  }
}

function noGo(error: Error): ToolchainError {
  const missing = 'code' in error && error.code === 'ENOENT'
  return new ToolchainError({
    code: 'go-missing',
    problem: missing ? 'there is no go on the PATH.' : `go can't be started: ${error.message}`,
    next: 'install Go from your system or from go.dev/dl.',
    cause: error,
  })
}

type Rule = { readonly code: string; readonly pattern: RegExp; readonly problem: string; readonly next: string }

const RULES: readonly Rule[] = [
  {
    code: 'disk-full',
    pattern: /no space left on device|disk quota exceeded/i,
    problem: 'the disk is full.',
    next: 'make room: a first build of all that every run needs takes about 5.2 GB. Compiled packages of earlier builds are removed by: matchday toolchain clean.',
  },
  {
    code: 'go-too-old',
    pattern: /requires go >= |go\.mod requires go|toolchain not available|download go1\.|GOTOOLCHAIN/,
    problem: 'the Go on the PATH is too old.',
    next: 'install a newer Go from your system or from go.dev/dl.',
  },
  {
    code: 'checksum-mismatch',
    pattern: /checksum mismatch|SECURITY ERROR/,
    problem: 'a module that was fetched is not the one that go.sum names.',
    next: 'do not go on; see whether the module proxy or a cache between here and there is to be trusted.',
  },
  {
    code: 'registry-unreachable',
    pattern:
      /dial tcp|i\/o timeout|no such host|connection refused|connection reset|TLS handshake|module lookup disabled|unexpected EOF|\b(403|404|410|429|5\d\d) [A-Z]/,
    problem: 'the Go module proxy could not be reached, or does not have a module.',
    next: 'check the network and the GOPROXY setting (go env GOPROXY), then try again: what was fetched is kept.',
  },
]

/** The problem, taken from go's output. */
export function goFailure(what: string, result: GoResult): ToolchainError {
  const said = lastWords(result.stderr)
  const rule = RULES.find((one) => one.pattern.test(result.stderr))
  const tried = [`${what}${said ? `; go said: ${said}` : ''}`]
  if (rule) return new ToolchainError({ code: rule.code, problem: rule.problem, tried, next: rule.next })
  return new ToolchainError({
    code: 'build-failed',
    problem: `${what} failed (exit code ${result.code}).`,
    tried,
    next: 'read what go said above; with another Go release, or after matchday toolchain clean, it may pass.',
  })
}

const lastWords = (stderr: string): string =>
  stderr
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-4)
    .join(' | ')
    .slice(-800)
