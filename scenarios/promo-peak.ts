/**
 * The promo peak: players log in, deposit and bet, and watch odds over a WebSocket, all at the rates that the plan says, however
 * slowly the platform answers. Further profiles run if a rehearsal lists them: payout, lobby, high-roller (deposits so large that anti-fraud
 * is asked), double-click (each deposit sent twice), late-retry (each deposit sent again some seconds later) and forged-webhook. With plain k6: `k6 run -e ENTRY=http://127.99.0.1:8080 scenarios/promo-peak.ts`.
 */
import http from 'k6/http'
import { loadOptions } from './lib/load.ts'
import { expectRefusal, expectStatus, measure, type Outcome } from './lib/measure.ts'
import { type Order, operating } from './lib/money.ts'
import { plan } from './lib/plan.ts'
import { firstPlayer, playerOf } from './lib/player-spread.ts'
import { logIn, openSessions, type Session, type Sessions, sessionOf } from './lib/players.ts'
import { CLIENT_TIMEOUT_MS } from './lib/sizing.ts'
import { keepSockets } from './lib/sockets.ts'

export { teardown, zero } from './lib/load.ts'

export const options = loadOptions()
export const setup = () => openSessions()

const first = firstPlayer(plan.seed)

export const login = measure('login', ({ n }) => expectStatus(logIn(playerOf(first + n)), 200))

export const lobby = measure<Sessions>('lobby', ({ n }, sessions) => {
  const headers = { Authorization: `Bearer ${sessionOf(sessions, n).token}` }
  return expectStatus(http.get(`${plan.entry}/lobby`, { headers, timeout: CLIENT_TIMEOUT_MS, redirects: 0 }), 200)
})

const depositing = operating({ name: 'deposit', acknowledges: [201], refuses: [402] })
const betting = operating({ name: 'bet', acknowledges: [201], refuses: [402, 409] })

const payingOut = operating({ name: 'payout', acknowledges: [202], refuses: [402] })
// Both are deposits, with keys that the profile `deposit` never reaches.
const rolling = operating({
  name: 'deposit',
  profile: 'high-roller',
  acknowledges: [201],
  refuses: [402],
  firstKey: 10_000_000,
  amount: (low) => 100_000 + (low % 100_000),
})
const clickingTwice = operating({
  name: 'deposit',
  profile: 'double-click',
  acknowledges: [201],
  refuses: [402],
  firstKey: 20_000_000,
})

const euros = (path: string, { key, amountCents }: Order, session: Session) =>
  order(path, key, session, { amountCents, currency: 'EUR' })

export const deposit = measure<Sessions>('deposit', (arrival, sessions) =>
  depositing(arrival, (wanted) => euros('/deposits', wanted, sessionOf(sessions, arrival.n))),
)

export const highRoller = measure<Sessions>('high-roller', (arrival, sessions) =>
  rolling(arrival, (wanted) => euros('/deposits', wanted, sessionOf(sessions, arrival.n))),
)

/** The second answer counts. It also shows the outcome of the first one: the key must be booked exactly once. */
export const doubleClick = measure<Sessions>('double-click', (arrival, sessions) =>
  clickingTwice(arrival, (wanted) => {
    euros('/deposits', wanted, sessionOf(sessions, arrival.n))
    return euros('/deposits', wanted, sessionOf(sessions, arrival.n))
  }),
)

/** How long a client waits before it sends its deposit again because it missed the answer. */
const RETRY_AFTER_S = 8
const retryingLate = operating({
  name: 'deposit',
  profile: 'late-retry',
  acknowledges: [201],
  refuses: [402],
  firstKey: 30_000_000,
})
const retryPeak = Math.max(
  0,
  ...(plan.profiles.find(({ name }) => name === 'late-retry')?.stages ?? []).map(({ to }) => to),
)
const retryLag = Math.ceil(retryPeak * RETRY_AFTER_S)

/** Each arrival repeats the deposit of some seconds ago, then makes one of its own. No VU waits in between, and each key must be booked exactly once. */
export const lateRetry = measure<Sessions>('late-retry', (arrival, sessions) => {
  const again = arrival.n < retryLag ? undefined : sendAgain(arrival.n - retryLag, sessions)
  const first = retryingLate(arrival, (wanted) => euros('/deposits', wanted, sessionOf(sessions, arrival.n)))
  return again === undefined || again.good ? first : again
})

function sendAgain(n: number, sessions: Sessions): Outcome {
  const answer = euros('/deposits', retryingLate.orderOf(n), sessionOf(sessions, n))
  // A deposit that was refused is refused again.
  return expectStatus(answer, 201, 402)
}

export const payout = measure<Sessions>('payout', (arrival, sessions) =>
  payingOut(arrival, (wanted) => euros('/payouts', wanted, sessionOf(sessions, arrival.n))),
)

export const bet = measure<Sessions>('bet', (arrival, sessions) =>
  betting(arrival, ({ key, amountCents }) =>
    order('/bets', key, sessionOf(sessions, arrival.n), { stakeCents: amountCents, selection: 'home', odds: 1.85 }),
  ),
)

/** A forged webhook about a charge that does not exist: right shape, right time, wrong signature. */
export const forgedWebhook = measure('forged-webhook', ({ n }) => {
  const key = `${plan.run}.forged.${n}`
  const body = { events: [{ id: `charge.approved/${key}`, topic: 'charge.approved', key, payload: {} }] }
  const signature = `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}`
  const headers = { 'Content-Type': 'application/json', 'X-Signature': signature }
  const params = { headers, timeout: CLIENT_TIMEOUT_MS, redirects: 0 }
  return expectRefusal(http.post(`${plan.entry}/webhooks/psp/psp-a`, JSON.stringify(body), params), 401, 403)
})

/** `{"type":"bet-result","key":…,"at":…}`: how a bet of this player ended. */
function resultIn(message: string): { key: string; at: number } | undefined {
  if (!message.startsWith('{"type":"bet-result"')) return undefined
  const { key, at } = JSON.parse(message)
  return typeof key === 'string' && typeof at === 'number' ? { key, at } : undefined
}

export const sockets = keepSockets(
  (token) => `${plan.entry.replace(/^http/, 'ws')}/ws?token=${encodeURIComponent(token)}`,
  { stream: 'bet-results', receiptOf: resultIn },
)

function order(path: string, key: string, { token }: Session, body: Readonly<Record<string, string | number>>) {
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}`, 'Idempotency-Key': key }
  return http.post(plan.entry + path, JSON.stringify(body), { headers, timeout: CLIENT_TIMEOUT_MS, redirects: 0 })
}
