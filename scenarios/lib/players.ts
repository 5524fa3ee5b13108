/**
 * The platform's 20,000 players, and sessions for those who deposit, bet and hold sockets. Sessions are opened in `setup`, before time
 * zero and outside every SLI: tokens are stateless and last, VUs cannot share what they learn later, and a login for each
 * deposit would double the planned arrivals of logins.
 */
import { sleep } from 'k6'
import http from 'k6/http'
import { plan } from './plan.ts'
import { firstPlayer, PLAYERS, playerOf } from './player-spread.ts'
import { CLIENT_TIMEOUT_MS } from './sizing.ts'

export const PASSWORD = 'matchday'

export const json = { headers: { 'Content-Type': 'application/json' }, timeout: CLIENT_TIMEOUT_MS, redirects: 0 }

export type Session = { readonly player: string; readonly token: string }
export type Sessions = { readonly sessions: readonly Session[] }

/** So many players own all deposits, bets and sockets of a run; neighbours in time are different players. */
const SESSIONS = 100
const ROUNDS = 5

const credentials = (player: string): string => JSON.stringify({ player, password: PASSWORD })

export const logIn = (player: string) => http.post(`${plan.entry}/login`, credentials(player), json)

/** Logs the players in, and retries those that failed. Throws when no player could log in, so that k6 ends before any load. */
export function openSessions(count: number = SESSIONS): Sessions {
  const sessions: Session[] = []
  let waiting = Array.from({ length: count }, (_, index) =>
    playerOf(firstPlayer(plan.seed) + index * Math.floor(PLAYERS / count)),
  )
  let last = ''
  for (let round = 0; round < ROUNDS && waiting.length > 0; round++) {
    if (round > 0) sleep(1)
    const answers = http.batch(waiting.map((player) => loginRequest(player)))
    const failed: string[] = []
    for (const [index, player] of waiting.entries()) {
      const answer = answers[index]
      const token = answer?.status === 200 ? tokenIn(answer.body) : undefined
      if (token === undefined) failed.push(player)
      else sessions.push({ player, token })
      if (token === undefined) last = answer?.error || `status ${answer?.status}`
    }
    waiting = failed
  }
  if (sessions.length === 0) throw new Error(`no player could log in at ${plan.entry}/login: ${last}`)
  if (waiting.length > 0) console.warn(`${waiting.length} of ${count} sessions could not be opened: ${last}`)
  return { sessions }
}

const loginRequest = (player: string) =>
  ({
    method: 'POST',
    url: `${plan.entry}/login`,
    body: credentials(player),
    params: { ...json, timeout: 5 * CLIENT_TIMEOUT_MS, responseType: 'text' },
  }) as const

function tokenIn(body: unknown): string | undefined {
  if (typeof body !== 'string') return undefined
  const answer: unknown = JSON.parse(body)
  if (typeof answer !== 'object' || answer === null || !('token' in answer)) return undefined
  return typeof answer.token === 'string' ? answer.token : undefined
}

/** The session of arrival `n`. */
export function sessionOf({ sessions }: Sessions, n: number): Session {
  const session = sessions[n % sessions.length]
  if (session === undefined) throw new Error('there are no sessions: does setup call openSessions?')
  return session
}
