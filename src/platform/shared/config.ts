/**
 * Configuration of a service: environment variables, parsed once at start. All problems are reported together, because a
 * pod that crashes once per typo makes an operator restart it once per typo.
 */
import { createHash } from 'node:crypto'

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>

type Range = { readonly min: number; readonly max: number; readonly fallback?: number }

export type ConfigReader = {
  text(name: string, fallback?: string): string
  /** A whole number within its range. */
  integer(name: string, range: Range): number
  /** `on` or `off`. */
  toggle(name: string, fallback: boolean): boolean
  /** One of few words; the first where nothing is given. */
  choice<T extends string>(name: string, words: readonly [T, ...T[]]): T
  /** An http or postgres URL, without a trailing slash. */
  url(name: string, fallback?: string): string
  /** Secrets in order of preference, separated by commas: the first signs, all of them verify, so that one can be rotated. */
  secrets(name: string): readonly [string, ...string[]]
  /** Reports a problem that concerns several variables. */
  problem(text: string): void
  /** SHA-256 in hex over what was read so far, given or not. Secrets, and URLs that hold a password, are left out. */
  digest(): string
}

export type ConfigResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly string[] }

const MIN_SECRET_LENGTH = 16

/** Reads a configuration; `shape` runs to its end even when variables are wrong, so that every problem is found. */
export function readConfig<T>(environment: EnvironmentVariables, shape: (read: ConfigReader) => T): ConfigResult<T> {
  const problems: string[] = []
  const value = shape(createReader(environment, problems))
  return problems.length === 0 ? { ok: true, value } : { ok: false, problems }
}

function createReader(environment: EnvironmentVariables, problems: string[]): ConfigReader {
  const problem = (text: string): void => void problems.push(text)
  const raw = (name: string): string | undefined => environment[name]?.trim() || undefined
  const known = new Map<string, unknown>()
  const noted = <T>(name: string, value: T): T => {
    known.set(name, value)
    return value
  }

  function text(name: string, fallback?: string): string {
    const value = raw(name) ?? fallback
    if (value === undefined) problem(`${name} is missing`)
    return noted(name, value ?? '')
  }

  function integer(name: string, range: Range): number {
    const given = raw(name)
    if (given === undefined && range.fallback !== undefined) return noted(name, range.fallback)
    const value = given !== undefined && /^\d{1,12}$/.test(given) ? Number(given) : Number.NaN
    if (value >= range.min && value <= range.max) return noted(name, value)
    problem(`${name} must be a whole number from ${range.min} to ${range.max}, got ${shown(given)}`)
    return range.min
  }

  function toggle(name: string, fallback: boolean): boolean {
    const given = raw(name)
    if (given !== undefined && given !== 'on' && given !== 'off')
      problem(`${name} must be on or off, got ${shown(given)}`)
    return noted(name, given === undefined ? fallback : given === 'on')
  }

  function choice<T extends string>(name: string, words: readonly [T, ...T[]]): T {
    const given = raw(name)
    const word = words.find((each) => each === given)
    if (given !== undefined && word === undefined)
      problem(`${name} must be one of ${words.join(', ')}, got ${shown(given)}`)
    return noted(name, word ?? words[0])
  }

  function url(name: string, fallback?: string): string {
    const given = raw(name) ?? fallback
    if (given !== undefined && URL.canParse(given) && /^(https?|postgres(ql)?):/.test(given)) {
      const value = given.replace(/\/$/, '')
      return new URL(given).password === '' ? noted(name, value) : value
    }
    // A database URL holds a password: never show it.
    problem(`${name} must be a URL (http or postgres)${given === undefined ? ', it is missing' : ''}`)
    return 'http://invalid.invalid'
  }

  function secrets(name: string): readonly [string, ...string[]] {
    const [first, ...older] = (raw(name) ?? '').split(',').map((part) => part.trim())
    const all: [string, ...string[]] = [first ?? '', ...older]
    if (all.some((secret) => secret.length < MIN_SECRET_LENGTH))
      problem(`${name} must hold secrets of at least ${MIN_SECRET_LENGTH} characters`)
    return all
  }

  const digest = (): string => digestOf(Object.fromEntries(known))

  return { text, integer, toggle, choice, url, secrets, problem, digest }
}

/** SHA-256 in hex over settings, whatever the order of their names. */
export function digestOf(settings: Readonly<Record<string, unknown>>): string {
  const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex')
}

const shown = (given: string | undefined): string => (given === undefined ? 'nothing' : JSON.stringify(given))

/** Reads the configuration of this process, or prints all problems as JSON lines and exits with 1. */
export function configOrExit<T>(service: string, shape: (read: ConfigReader) => T): T {
  const result = readConfig(process.env, shape)
  if (result.ok) return result.value
  for (const problem of result.problems) {
    process.stderr.write(`${JSON.stringify({ level: 'fatal', service, message: 'bad configuration', problem })}\n`)
  }
  process.exit(1)
}

/** Longest any call may take where timeouts are switched off (`…_TIMEOUT_MS=0`): the limit of the socket, not a policy. */
export const NO_TIMEOUT_MS = 600_000

/** What every service needs to serve HTTP. */
export type ServerConfig = {
  readonly host: string
  readonly port: number
  /** How long a pod keeps serving after SIGTERM with readiness off, so that routers forget it first. */
  readonly drainDelayMs: number
  /** How long in-flight work may take after that. */
  readonly drainTimeoutMs: number
  /** Off: a seeded defect. `/healthz` answers 200 even if something is missing. */
  readonly honestReadiness: boolean
  /** `ignore` and `exit` are seeded defects: the process works on until SIGKILL, or ends during requests. */
  readonly onSigterm: 'drain' | 'ignore' | 'exit'
  readonly decay: DecayConfig
  /** Of all that was read from the environment. */
  digest(): string
}

/** Seeded defects of a process that gets worse with each request, or of a release that is worse; 0 switches each off. */
export type DecayConfig = {
  /** Memory that each request leaks. */
  readonly leakKibPerRequest: number
  /** Each request makes all later requests slower by this time. */
  readonly slowerMicrosPerRequest: number
  /** The process crashes at every n-th request. */
  readonly crashEveryRequests: number
  /** Every n-th request is answered with an error. */
  readonly failEveryRequests: number
  /** Every answer is delayed by this time. */
  readonly delayMs: number
}

export function readServerConfig(read: ConfigReader): ServerConfig {
  return {
    host: read.text('HOST', '0.0.0.0'),
    port: read.integer('PORT', { min: 1, max: 65_535, fallback: 8080 }),
    drainDelayMs: read.integer('DRAIN_DELAY_MS', { min: 0, max: 60_000, fallback: 5_000 }),
    drainTimeoutMs: read.integer('DRAIN_TIMEOUT_MS', { min: 100, max: 120_000, fallback: 15_000 }),
    honestReadiness: read.toggle('READINESS', true),
    onSigterm: read.choice('ON_SIGTERM', ['drain', 'ignore', 'exit']),
    digest: read.digest,
    decay: {
      leakKibPerRequest: read.integer('LEAK_KIB_PER_REQUEST', { min: 0, max: 10_240, fallback: 0 }),
      slowerMicrosPerRequest: read.integer('SLOWER_MICROS_PER_REQUEST', { min: 0, max: 1_000_000, fallback: 0 }),
      crashEveryRequests: read.integer('CRASH_EVERY_REQUESTS', { min: 0, max: 1_000_000, fallback: 0 }),
      failEveryRequests: read.integer('FAIL_EVERY_REQUESTS', { min: 0, max: 1_000_000, fallback: 0 }),
      delayMs: read.integer('ANSWER_DELAY_MS', { min: 0, max: 60_000, fallback: 0 }),
    },
  }
}

/** What every service with state needs. `maxConnections` × replicas over all services must stay below the server's max_connections. */
export type DatabaseConfig = {
  readonly url: string
  /** Opened before the service is ready. */
  readonly poolSize: number
  /** The same, unless the pool has no limit (a seeded defect): then it opens a connection for each waiting request. */
  readonly maxConnections: number
}

const NO_POOL_LIMIT = 10_000

export function readDatabaseConfig(read: ConfigReader): DatabaseConfig {
  const poolSize = read.integer('DB_POOL_SIZE', { min: 1, max: 100, fallback: 8 })
  const limited = read.toggle('DB_POOL_LIMIT', true)
  return { url: read.url('DATABASE_URL'), poolSize, maxConnections: limited ? poolSize : NO_POOL_LIMIT }
}
