/** The whole reference platform as plain processes on loopback: bundled as for its images, each with its own port. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { parse } from 'yaml'
import { freePort } from '../../support/ports.ts'
import { cpuMsOf, ended, type Postgres, startPostgres } from './postgres.ts'

export const processNames = [
  'wallet',
  'psp-a',
  'psp-b',
  'game-provider',
  'payments-api',
  'payout-worker',
  'bets',
  'profile',
  'promo',
  'anti-fraud',
  'realtime',
  'gateway',
] as const
export type ProcessName = (typeof processNames)[number]
type Env = Readonly<Record<string, string>>

export type Running = {
  readonly child: ChildProcess
  readonly log: string[]
  readonly startMs: number
  cpuMs(): number
}

export type Platform = {
  readonly postgres: Postgres
  url(name: ProcessName): string
  process(name: ProcessName): Running
  /** Starts a process that was stopped, with changes to its environment. */
  start(name: ProcessName, env?: Env): Promise<void>
  stop(name: ProcessName, signal: NodeJS.Signals): Promise<number | null>
  signal(name: ProcessName, signal: NodeJS.Signals): void
  /** Further replicas of a service, with a port of their own. */
  replica(name: ProcessName, env?: Env): Promise<{ url: string; running: Running }>
  end(): Promise<void>
}

const SECRETS = {
  TOKEN_SECRETS: 'test-token-secret-0001',
  PSP_A_API_KEY: 'test-psp-a-api-key-0001',
  PSP_B_API_KEY: 'test-psp-b-api-key-0001',
  PSP_A_WEBHOOK_SECRET: 'test-psp-a-webhook-0001',
  PSP_B_WEBHOOK_SECRET: 'test-psp-b-webhook-0001',
  GAME_WEBHOOK_SECRET: 'test-game-webhook-0001',
} as const

export const secrets: Readonly<Record<keyof typeof SECRETS, string>> = SECRETS

const bundleOf = (name: ProcessName): string => (name.startsWith('psp-') ? 'psp' : name)

const WORKLOAD = join(import.meta.dirname, '../../../src/platform/workload.yaml')

async function bundleAll(folder: string): Promise<void> {
  const { images }: { images: { name: string; entry: string }[] } = parse(readFileSync(WORKLOAD, 'utf8'))
  await build({
    entryPoints: images.map(({ name, entry }) => ({
      in: join(dirname(WORKLOAD), entry),
      out: name.replace('casino/', ''),
    })),
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    external: ['pg-native'],
    logLevel: 'error',
  })
}

function environmentOf(name: ProcessName, database: string, url: (name: ProcessName) => string): Env {
  const common = {
    PATH: process.env.PATH ?? '',
    HOST: '127.0.0.1',
    DATABASE_URL: database,
    DB_POOL_SIZE: '3',
    DRAIN_DELAY_MS: '300',
    LOGIN_HASH_COST: '256',
    WALLET_URL: url('wallet'),
    PAYMENTS_URL: url('payments-api'),
    BETS_URL: url('bets'),
    REALTIME_URL: url('realtime'),
    GAME_PROVIDER_URL: url('game-provider'),
    PROFILE_URL: url('profile'),
    PROMO_URL: url('promo'),
    ANTI_FRAUD_URL: url('anti-fraud'),
    PSP_A_URL: url('psp-a'),
    PSP_B_URL: url('psp-b'),
    WEBHOOK_URL: url('gateway'),
    WEBHOOK_EVERY_MS: '300',
    PAYOUT_EVERY_MS: '100',
    LEAVE_OVER_MS: '300',
    SETTLE_MIN_MS: '500',
    SETTLE_MAX_MS: '1000',
    PSP_SLOTS: '8',
    DEPOSIT_LEASE_MS: '2500',
    ...SECRETS,
  }
  if (name === 'psp-a')
    return {
      ...common,
      PSP_NAME: name,
      PSP_API_KEY: SECRETS.PSP_A_API_KEY,
      WEBHOOK_SECRET: SECRETS.PSP_A_WEBHOOK_SECRET,
    }
  if (name === 'psp-b')
    return {
      ...common,
      PSP_NAME: name,
      PSP_API_KEY: SECRETS.PSP_B_API_KEY,
      WEBHOOK_SECRET: SECRETS.PSP_B_WEBHOOK_SECRET,
    }
  if (name === 'game-provider') return { ...common, WEBHOOK_SECRET: SECRETS.GAME_WEBHOOK_SECRET }
  return common
}

/** `overrides` change the environment of single processes from the start. */
export async function startPlatform(overrides: Partial<Record<ProcessName, Env>> = {}): Promise<Platform> {
  const folder = mkdtempSync(join(tmpdir(), 'platform-bundles-'))
  const [postgres] = await Promise.all([startPostgres(), bundleAll(folder)])
  const ports = new Map<ProcessName, number>()
  for (const name of processNames) ports.set(name, await freePort())
  const running = new Map<ProcessName, Running>()
  const extras: Running[] = []
  const url = (name: ProcessName): string => `http://127.0.0.1:${ports.get(name)}`

  function launch(name: ProcessName, port: number, env: Env): Promise<Running> {
    const environment = { ...environmentOf(name, postgres.url, url), ...overrides[name], ...env, PORT: String(port) }
    return launched(join(folder, `${bundleOf(name)}.cjs`), environment, `http://127.0.0.1:${port}`)
  }
  function process_(name: ProcessName): Running {
    const found = running.get(name)
    if (found === undefined) throw new Error(`${name} is not running`)
    return found
  }

  const platform: Platform = {
    postgres,
    url,
    process: process_,
    start: async (name, env = {}) => void running.set(name, await launch(name, ports.get(name) ?? 0, env)),
    stop: (name, signal) => ended(process_(name).child, signal),
    signal: (name, signal) => void process_(name).child.kill(signal),
    replica: async (name, env = {}) => {
      const port = await freePort()
      const replica = await launch(name, port, env)
      extras.push(replica)
      return { url: `http://127.0.0.1:${port}`, running: replica }
    },
    end: async () => {
      await Promise.all([...running.values(), ...extras].map(({ child }) => ended(child, 'SIGKILL')))
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    await Promise.all(processNames.map((name) => platform.start(name)))
  } catch (thrown) {
    await platform.end()
    throw thrown
  }
  return platform
}

async function launched(file: string, env: Env, url: string): Promise<Running> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [file], { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const log: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => log.push(...String(chunk).trim().split('\n')))
  await ready(url, child, log)
  return { child, log, startMs: performance.now() - startedAt, cpuMs: () => cpuMsOf(child.pid ?? 0) }
}

async function ready(url: string, child: ChildProcess, log: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < 1_600; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}:\n${log.join('\n')}`)
    const answer = await fetch(`${url}/healthz`).catch(() => undefined)
    if (answer?.status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`not ready after 40 s:\n${log.join('\n')}`)
}
