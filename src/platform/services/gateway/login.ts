import { objectOf, parseJson, playerOf, textField } from '../../shared/body.ts'
import { hashPassword, verifyPassword } from '../../shared/password.ts'
import { HttpProblem } from '../../shared/problem.ts'
import { signToken } from '../../shared/token.ts'
import { failureOf, type Upstream } from '../../shared/upstream.ts'

export type LoginConfig = {
  readonly wallet: Upstream
  readonly tokenSecret: string
  readonly tokenLifetimeMs: number
  readonly hashCost: number
}
export type PlayerLogin = (body: Buffer, trace: string) => Promise<{ token: string; player: string }>

/** A wallet that falls silent costs 600 ms until another is asked; with the password's own time that fits into the client's 2 s. */
const WALLET_TIMEOUT_MS = 1_400
const refused = (): HttpProblem => new HttpProblem(401, { error: 'refused' })

/** Checks a password and signs a token. An unknown player costs as much time as a wrong password, so that names can't be probed. */
export async function createLogin(config: LoginConfig): Promise<PlayerLogin> {
  const decoy = await hashPassword('nobody has this password', config.hashCost)
  return async (raw, trace) => {
    const body = parseJson(raw)
    const player = playerOf(body.player)
    const password = textField(body, 'password', 128)
    const credential = await credentialOf(config.wallet, player, trace)
    const right = await verifyPassword(password, credential ?? decoy)
    if (credential === undefined || !right) throw refused()
    return { token: signToken(config.tokenSecret, player, Date.now() + config.tokenLifetimeMs), player }
  }
}

async function credentialOf(wallet: Upstream, player: string, traceparent: string): Promise<string | undefined> {
  const path = `/players/${player}/credential`
  const result = await wallet.call({
    method: 'GET',
    path,
    headers: { traceparent },
    timeoutMs: WALLET_TIMEOUT_MS,
    idempotent: true,
  })
  if (result.kind === 'answer' && result.status === 404) return undefined
  if (result.kind !== 'answer' || result.status !== 200)
    throw new HttpProblem(503, { error: 'unavailable', problem: `wallet: ${failureOf(result)}` })
  return textField(objectOf(parseJson(result.body)), 'credential')
}
