/**
 * The promo peak: players log in, deposit and bet, and watch odds over a WebSocket, all at the rates that the plan says, however
 * slowly the platform answers. With plain k6: `k6 run -e ENTRY=http://127.99.0.1:8080 scenarios/promo-peak.ts`.
 */
import http from 'k6/http'
import { loadOptions } from './lib/load.ts'
import { expectStatus, measure } from './lib/measure.ts'
import { operating } from './lib/money.ts'
import { plan } from './lib/plan.ts'
import { playerOf } from './lib/player-spread.ts'
import { logIn, openSessions, type Session, type Sessions, sessionOf } from './lib/players.ts'
import { CLIENT_TIMEOUT_MS } from './lib/sizing.ts'
import { keepSockets } from './lib/sockets.ts'

export { teardown, zero } from './lib/load.ts'

export const options = loadOptions()
export const setup = () => openSessions()

export const login = measure('login', ({ n }) => expectStatus(logIn(playerOf(n)), 200))

const depositing = operating({ name: 'deposit', acknowledges: [201], refuses: [402] })
const betting = operating({ name: 'bet', acknowledges: [201], refuses: [402, 409] })

export const deposit = measure<Sessions>('deposit', (arrival, sessions) =>
  depositing(arrival, ({ key, amountCents }) =>
    order('/deposits', key, sessionOf(sessions, arrival.n), { amountCents, currency: 'EUR' }),
  ),
)

export const bet = measure<Sessions>('bet', (arrival, sessions) =>
  betting(arrival, ({ key, amountCents }) =>
    order('/bets', key, sessionOf(sessions, arrival.n), { stakeCents: amountCents, selection: 'home', odds: 1.85 }),
  ),
)

export const sockets = keepSockets(
  (token) => `${plan.entry.replace(/^http/, 'ws')}/ws?token=${encodeURIComponent(token)}`,
)

function order(path: string, key: string, { token }: Session, body: Readonly<Record<string, string | number>>) {
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}`, 'Idempotency-Key': key }
  return http.post(plan.entry + path, JSON.stringify(body), { headers, timeout: CLIENT_TIMEOUT_MS, redirects: 0 })
}
