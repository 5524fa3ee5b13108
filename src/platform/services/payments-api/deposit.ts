/**
 * One deposit, start to answer: record, charge at the first provider that may be tried, fail over within the request, make the
 * acceptance durable, credit, answer. What the budget does not allow to finish is left to the sweeper, and the client is told
 * that the outcome is not known.
 */
import { randomUUID } from 'node:crypto'
import type { Permit } from '../../shared/breaker.ts'
import type { Log } from '../../shared/log.ts'
import { traceIdOf } from '../../shared/trace.ts'
import type { CreditOutcome } from './credit.ts'
import type { FraudCheck } from './fraud.ts'
import type { LaneOutcome, PspLane } from './lane.ts'
import type { DepositRequest } from './request.ts'
import type { Deposit, DepositStore, KnownDeposit } from './store.ts'

export type DepositAnswer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> }

export type DepositDesk = {
  readonly store: DepositStore
  /** In order of preference; with failover switched off, only the first. */
  readonly lanes: readonly PspLane[]
  readonly budgetMs: number
  /** Off: a defect to show. A deposit that comes again is credited again. */
  readonly idempotency: boolean
  /** Seeded defect, off at 0: a deposit that is repeated after this time is credited again. */
  readonly keysForgottenAfterMs: number
  readonly fraud: FraudCheck
  readonly log: Log
  credit(deposit: Deposit): Promise<CreditOutcome>
  /** There is work for the sweeper. */
  leaveToSweeper(): void
}

type Turn = { readonly lane: PspLane; readonly permit: Permit }

const REPEAT_POLL_MS = 60
/** With less than this left no provider is tried any more: its answer would come too late to be of use. */
const LEAST_BUDGET_MS = 150

const busy: DepositAnswer = { status: 503, body: { status: 'busy', retry: true } }
const unavailable: DepositAnswer = { status: 503, body: { status: 'unavailable', retry: true } }
const unknown: DepositAnswer = { status: 504, body: { status: 'unknown' } }

export async function makeDeposit(desk: DepositDesk, request: DepositRequest): Promise<DepositAnswer> {
  const deadlineMs = performance.now() + desk.budgetMs
  // Cheaper than a record that would have to be taken back. Overload is no reason to fail over: it would only move on.
  if (desk.lanes[0]?.full()) return busy
  const checked = await desk.fraud(request)
  if (checked === 'deny') return { status: 402, body: { status: 'refused', key: request.key, reason: 'suspicious' } }
  if (checked === 'unavailable') return unavailable
  const turn = nextTurn(desk.lanes)
  if (turn === undefined) return unavailable
  const deposit: Deposit = { ...request, owner: randomUUID() }
  if (!(await begin(desk, deposit, turn))) return repeated(desk, request, deadlineMs)
  return charge(desk, deposit, turn, deadlineMs)
}

function nextTurn(lanes: readonly PspLane[]): Turn | undefined {
  for (const lane of lanes) {
    const permit = lane.enter()
    if (permit !== undefined) return { lane, permit }
  }
  return undefined
}

async function begin(desk: DepositDesk, deposit: Deposit, { lane, permit }: Turn): Promise<boolean> {
  let begun = false
  try {
    begun = await desk.store.begin(deposit, lane.psp.name)
    return begun
  } finally {
    if (!begun) permit.cancelled()
  }
}

async function charge(desk: DepositDesk, deposit: Deposit, first: Turn, deadlineMs: number): Promise<DepositAnswer> {
  let turn = first
  let moneyMayHaveMoved = false
  for (;;) {
    const budgetMs = Math.max(deadlineMs - performance.now(), 1)
    const outcome = await turn.lane.charge(turn.permit, { ...deposit, budgetMs })
    if (outcome.kind === 'approved') return accept(desk, deposit, turn.lane.psp.name)
    if (outcome.kind === 'refused') return refuse(desk, deposit, turn.lane.psp.name)
    if (outcome.kind === 'unknown') moneyMayHaveMoved = true
    logFailure(desk, deposit, turn.lane, outcome)

    const following =
      outcome.kind === 'busy' || deadlineMs - performance.now() < LEAST_BUDGET_MS
        ? undefined
        : nextTurn(after(desk.lanes, turn.lane))
    if (following === undefined) return giveUp(desk, deposit, turn.lane, outcome, moneyMayHaveMoved)
    const ours = await desk.store.moveOn(deposit, turn.lane.psp.name, recorded(outcome), following.lane.psp.name)
    if (!ours) {
      following.permit.cancelled()
      return unknown
    }
    turn = following
  }
}

const after = (lanes: readonly PspLane[], lane: PspLane): readonly PspLane[] => lanes.slice(lanes.indexOf(lane) + 1)

/** An attempt that was never sent is an error like any other: surely no charge. */
const recorded = (outcome: LaneOutcome): 'unknown' | 'error' => (outcome.kind === 'unknown' ? 'unknown' : 'error')

async function accept(desk: DepositDesk, deposit: Deposit, psp: string): Promise<DepositAnswer> {
  // Durable before the credit: from here on the charge may not be voided any more, even if another pod takes over.
  if (!(await desk.store.conclude(deposit, psp, 'approved', 'accepted'))) return unknown
  const credited = await desk.credit(deposit)
  if (credited === 'credited') return approved(deposit.key, psp)
  await desk.store.release(deposit)
  desk.leaveToSweeper()
  return unknown
}

async function refuse(desk: DepositDesk, deposit: Deposit, psp: string): Promise<DepositAnswer> {
  if (!(await desk.store.conclude(deposit, psp, 'refused', 'refused'))) return unknown
  return { status: 402, body: { status: 'refused', key: deposit.key } }
}

async function giveUp(
  desk: DepositDesk,
  deposit: Deposit,
  lane: PspLane,
  outcome: LaneOutcome,
  moneyMayHaveMoved: boolean,
): Promise<DepositAnswer> {
  if (!moneyMayHaveMoved) {
    await desk.store.forget(deposit)
    return outcome.kind === 'busy' ? busy : unavailable
  }
  await desk.store.conclude(deposit, lane.psp.name, recorded(outcome), 'open')
  desk.leaveToSweeper()
  return unknown
}

/** A retry with the same key waits for the request in flight and returns its answer. */
async function repeated(desk: DepositDesk, request: DepositRequest, deadlineMs: number): Promise<DepositAnswer> {
  let again = false
  for (;;) {
    const known = await desk.store.find(request.key)
    if (known === undefined) return unavailable
    if (known.player !== request.player || known.amountCents !== request.amountCents) {
      return { status: 422, body: { error: 'key-reused', problem: 'this idempotency key belongs to another deposit' } }
    }
    if (!again && known.state !== 'open' && isForgotten(desk, known)) {
      again = true
      await desk.credit({ ...request, owner: '' })
    }
    const answer = answerOf(request.key, known)
    if (answer !== undefined) return answer
    if (performance.now() + REPEAT_POLL_MS > deadlineMs) return unknown
    await new Promise((resolve) => setTimeout(resolve, REPEAT_POLL_MS))
  }
}

const isForgotten = ({ idempotency, keysForgottenAfterMs }: DepositDesk, { ageMs }: KnownDeposit): boolean =>
  !idempotency || (keysForgottenAfterMs > 0 && ageMs > keysForgottenAfterMs)

function answerOf(key: string, { state, psp }: KnownDeposit): DepositAnswer | undefined {
  switch (state) {
    case 'credited':
      return approved(key, psp)
    case 'refused':
      return { status: 402, body: { status: 'refused', key } }
    case 'failed':
      return { status: 402, body: { status: 'refused', key, reason: 'no provider could be reached; use a new key' } }
    case 'open':
    case 'accepted':
      return undefined
  }
}

const approved = (key: string, psp: string | null): DepositAnswer => ({
  status: 201,
  body: { status: 'approved', key, psp },
})

function logFailure(desk: DepositDesk, deposit: Deposit, lane: PspLane, outcome: LaneOutcome): void {
  if (outcome.kind !== 'unknown' && outcome.kind !== 'error') return
  desk.log.warn('charge failed', {
    psp: lane.psp.name,
    outcome: outcome.kind,
    reason: outcome.reason,
    key: deposit.key,
    trace: traceIdOf(deposit.trace),
  })
}
