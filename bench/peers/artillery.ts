/** Artillery as a peer: the same three requests in its own terms, and the program itself, installed when it is first wanted. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const PACKAGE = 'artillery@2.0.34'

/** Shared by all users; without a pool each one opens connections of its own, which k6's do not. */
const CONNECTIONS = 50

/** A user of Artillery logs in, deposits and bets; `rate` users a second begin. */
export const artilleryScript = (entry: string, rate: number, seconds: number): string =>
  JSON.stringify({
    config: {
      target: entry,
      phases: [{ duration: seconds, arrivalRate: rate }],
      http: { timeout: 2, pool: CONNECTIONS },
    },
    scenarios: [
      {
        flow: [
          {
            post: { url: '/login', json: { player: 'player-{{ $randomNumber(10000, 19999) }}', password: 'matchday' } },
          },
          { post: { url: '/deposits', headers, json: { amountCents: 2500, currency: 'EUR' } } },
          { post: { url: '/bets', headers, json: { stakeCents: 500, selection: 'home', odds: 1.85 } } },
        ],
      },
    ],
  })

const headers = { Authorization: 'Bearer t-player-000001', 'Idempotency-Key': 'bench.{{ $uuid }}' }

/** Path of Artillery's program in the cache, and nowhere else. */
export async function artilleryProgram(): Promise<string> {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'matchday', 'bench', PACKAGE)
  const program = join(folder, 'node_modules', 'artillery', 'bin', 'run')
  if (!existsSync(program)) {
    console.error(`installing ${PACKAGE} into ${folder}…`)
    const flags = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--omit=optional', '--ignore-scripts']
    await promisify(execFile)('npm', [...flags, PACKAGE], { maxBuffer: 1 << 26 })
  }
  return program
}
