/** One bet, start to answer: record, take the stake, register at the provider, make the acceptance durable, answer. */
import { randomUUID } from 'node:crypto'
import type { Permit } from '../../shared/breaker.ts'
import type { Log } from '../../shared/log.ts'
import { type CallResult, failureOf, type Upstream } from '../../shared/upstream.ts'
import type { Provider } from './provider.ts'
import type { Bet, BetStore, KnownBet } from './store.ts'

export type BetAnswer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> }
export type BetRequest = Omit<Bet, 'owner'> & { readonly trace: string }

export type BetDesk = {
  readonly store: BetStore
  readonly wallet: Upstream
  readonly provider: Provider
  readonly log: Log
  /** There is a stake to give back. */
  leaveToSweeper(): void
}

/** 600 ms until a silent wallet is known, and time for another; with the provider's 700 ms still within the gateway's patience. */
const WALLET_TIMEOUT_MS = 1_000
const REPEAT_POLL_MS = 60
const REPEAT_WAIT_MS = 1_500

const unknown: BetAnswer = { status: 504, body: { status: 'unknown' } }
const refusal = (status: number, key: string, reason: string): BetAnswer => ({
  status,
  body: { status: 'refused', key, reason },
})

export async function placeBet(desk: BetDesk, request: BetRequest): Promise<BetAnswer> {
  const permit = desk.provider.enter()
  if (permit === undefined) return withoutProvider(desk, request)
  const bet: Bet = { ...request, owner: randomUUID() }
  if (!(await begin(desk, bet, permit))) return repeated(desk, request)

  const staked = await takeStake(desk, bet, request.trace)
  if (!succeeded(staked)) {
    permit.cancelled()
    if (staked.kind !== 'answer' || staked.status !== 402) return refuse(desk, bet, 'wallet', failureOf(staked))
    return (await desk.store.conclude(bet, 'refused', 'insufficient')) ? refusal(402, bet.key, 'insufficient') : unknown
  }

  const registered = await desk.provider.register(permit, bet, request.trace)
  if (registered.kind !== 'registered') return refuse(desk, bet, 'provider', registered.reason)
  return (await desk.store.conclude(bet, 'accepted'))
    ? { status: 201, body: { status: 'accepted', key: bet.key } }
    : unknown
}

async function begin(desk: BetDesk, bet: Bet, permit: Permit): Promise<boolean> {
  let begun = false
  try {
    begun = await desk.store.begin(bet)
    return begun
  } finally {
    if (!begun) permit.cancelled()
  }
}

/** The breaker is open: nothing is taken, and nothing recorded that would have to be taken back. A known bet keeps its answer. */
async function withoutProvider(desk: BetDesk, request: BetRequest): Promise<BetAnswer> {
  const known = await desk.store.find(request.key)
  return known === undefined ? refusal(409, request.key, 'provider') : repeated(desk, request)
}

const succeeded = (result: CallResult): boolean =>
  result.kind === 'answer' && (result.status === 200 || result.status === 201)

function takeStake(desk: BetDesk, { key, player, stakeCents }: Bet, traceparent: string): Promise<CallResult> {
  const body = JSON.stringify({ key, player, amountCents: stakeCents })
  return desk.wallet.call({
    method: 'POST',
    path: '/stakes',
    body,
    headers: { traceparent },
    timeoutMs: WALLET_TIMEOUT_MS,
    idempotent: true,
  })
}

/** The decision is durable, so that the answer is honest even though the stake goes back a moment later. */
async function refuse(desk: BetDesk, bet: Bet, reason: string, failure: string): Promise<BetAnswer> {
  desk.log.warn('bet refused', { key: bet.key, reason, failure })
  if (!(await desk.store.conclude(bet, 'refusing', reason))) return unknown
  desk.leaveToSweeper()
  return refusal(409, bet.key, reason)
}

/** A retry with the same key waits for the request in flight and returns its answer. */
async function repeated(desk: BetDesk, request: BetRequest): Promise<BetAnswer> {
  const deadlineMs = performance.now() + REPEAT_WAIT_MS
  for (;;) {
    const known = await desk.store.find(request.key)
    if (known === undefined) return unknown
    if (known.player !== request.player || known.stakeCents !== request.stakeCents) {
      return { status: 422, body: { error: 'key-reused', problem: 'this idempotency key belongs to another bet' } }
    }
    const answer = answerOf(request.key, known)
    if (answer !== undefined) return answer
    if (performance.now() > deadlineMs) return unknown
    await new Promise((resolve) => setTimeout(resolve, REPEAT_POLL_MS))
  }
}

function answerOf(key: string, { state, reason }: KnownBet): BetAnswer | undefined {
  switch (state) {
    case 'accepted':
    case 'settled':
      return { status: 201, body: { status: 'accepted', key } }
    case 'refusing':
    case 'refused':
      return refusal(reason === 'insufficient' ? 402 : 409, key, reason ?? 'refused')
    case 'open':
      return undefined
  }
}
