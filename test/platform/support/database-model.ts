/**
 * Two keepers, two operators and the record between them, in virtual time: their real decisions, and a model of everything else. A
 * database is a log of numbers; a keeper may be dead, cut from the API server, from the operators or from the other database; an operator may be dead, or cut from one keeper.
 */
import {
  type Intention,
  intentionOf,
  isAwaited,
  type KeeperView,
} from '../../../src/platform/services/db-keeper/intention.ts'
import { decide } from '../../../src/platform/services/db-operator/decide.ts'
import { createMemory, type Memory } from '../../../src/platform/services/db-operator/memory.ts'
import { type Holding, type KeeperStatus, LEASE_MS, type RoleRecord } from '../../../src/platform/shared/role-record.ts'

export type Step =
  | { readonly kind: 'pass'; readonly ms: number }
  | AtOne
  | { readonly kind: 'cut-replication' | 'join-replication' }
  | { readonly kind: 'wish'; readonly at: 0 | 1 }
  | OfOperator

type AtOne = {
  readonly kind: 'die' | 'leave' | 'start' | 'cut-api' | 'cut-operators' | 'join'
  readonly at: 0 | 1
}

/** `blind`: it no longer hears of the keeper `of`; `see`: of both again. */
type OfOperator =
  | { readonly kind: 'restart-operator' | 'stop-operator' | 'see'; readonly operator: 0 | 1 }
  | { readonly kind: 'blind'; readonly operator: 0 | 1; readonly of: 0 | 1 }

type Operator = {
  memory: Memory
  alive: boolean
  readonly blindTo: Set<number>
  /** What it has decided from a record that may not be the last any more when it writes. */
  decided: { readonly record: RoleRecord; readonly version: number } | undefined
}

type Keeper = {
  readonly pod: string
  instance: number
  alive: boolean
  holding: Holding
  running: boolean
  /** Since it was asked to end. */
  leavingAtMs: number | undefined
  /** A server takes a while to start and to stop. */
  startedAtMs: number | undefined
  stoppedAtMs: number | undefined
  log: number[]
  sync: string
  syncFrom: number
  record: RoleRecord | 'absent' | undefined
  readAtMs: number
  hasApi: boolean
  hasOperators: boolean
}

// As the services have them: a keeper's guard, a keeper's round, the operator's round.
const GUARD_MS = 250
const ROUND_MS = 500
const START_MS = 500
const STOP_MS = 500
/** As long as a keeper that was asked to end waits for others: until it is struck off, and until its heir is named. */
const PATIENCE_MS = 17_000
/** Commits that a standby may lack which nobody waits for. */
const LAG = 3

/** When in a round each of them looks, in guard's beats: both keepers and both operators. */
export type Phases = readonly [number, number, number, number]

export type Model = {
  apply(step: Step): void
  /** Pods that could take a write now. */
  writable(): readonly string[]
  /** Acknowledged commits that a leader does not hold which was named since. */
  readonly lost: readonly number[]
  readonly promotions: number
  /** Commits that clients were told of in the last while. */
  acknowledgedWithinMs(ms: number): number
}

export function createDatabaseModel(fencing: boolean, phases: Phases = [0, 0, 0, 1]): Model {
  const keepers: readonly Keeper[] = [newKeeper('wallet-db-0'), newKeeper('wallet-db-1')]
  let nowMs = 0
  let record: RoleRecord | undefined
  let replicates = true
  let version = 0
  const operators: readonly Operator[] = [newOperator(0), newOperator(0)]
  let commits = 0
  let promotions = 0
  const acknowledged: number[] = []
  const acknowledgedAtMs: number[] = []
  const lost: number[] = []

  const writes = (keeper: Keeper) => keeper.alive && keeper.running && keeper.holding === 'primary'
  const follows = (keeper: Keeper) => keeper.alive && keeper.running && keeper.holding === 'standby' && replicates
  const otherOf = (keeper: Keeper) => keepers.find((each) => each !== keeper) as Keeper

  function viewOf({ pod, instance, holding, running, record, readAtMs }: Keeper): KeeperView {
    return { pod, instance: String(instance), holding, running, record, recordAgeMs: nowMs - readAtMs }
  }

  const intend = (keeper: Keeper): Intention => intentionOf(viewOf(keeper))

  /** Asked to end: it does once nobody awaits anything of it any more. */
  function leave(keeper: Keeper): void {
    if (!keeper.alive || keeper.leavingAtMs === undefined) return
    const isPatient = nowMs - keeper.leavingAtMs < PATIENCE_MS
    if (isPatient && isAwaited(viewOf(keeper)) !== undefined) return
    if (keeper.running) stop(keeper)
    else change(keeper, 'die', nowMs)
  }

  function guard(keeper: Keeper): void {
    if (keeper.alive && intend(keeper) === 'fence') stop(keeper)
    if (keeper.startedAtMs !== undefined && keeper.startedAtMs <= nowMs)
      [keeper.startedAtMs, keeper.running] = [undefined, true]
    if (keeper.stoppedAtMs !== undefined && keeper.stoppedAtMs <= nowMs)
      [keeper.stoppedAtMs, keeper.running] = [undefined, false]
  }

  function start(keeper: Keeper): void {
    if (!keeper.running && keeper.stoppedAtMs === undefined) keeper.startedAtMs ??= nowMs + START_MS
  }

  function stop(keeper: Keeper): void {
    keeper.startedAtMs = undefined
    if (keeper.running) keeper.stoppedAtMs ??= nowMs + STOP_MS
  }

  function round(keeper: Keeper): void {
    if (!keeper.alive) return
    if (keeper.hasApi) [keeper.record, keeper.readAtMs] = [record ?? 'absent', nowMs]
    const intention = intend(keeper)
    if (intention === 'lead') lead(keeper)
    if (intention === 'fence') stop(keeper)
    if (intention === 'wait') keeper.startedAtMs = undefined
    if (intention === 'follow' && keeper.leavingAtMs === undefined) start(keeper)
    if (intention === 'promote') promote(keeper)
    if (intention === 'seed' && keeper.leavingAtMs === undefined) copy(keeper)
  }

  function lead(keeper: Keeper): void {
    const wanted = typeof keeper.record === 'object' && keeper.record.leader === keeper.pod ? keeper.record.sync : ''
    if (!keeper.running || keeper.sync !== wanted) keeper.syncFrom = keeper.log.length
    keeper.sync = wanted
    if (keeper.holding === 'nothing') keeper.holding = 'primary'
    start(keeper)
  }

  function promote(keeper: Keeper): void {
    if (!keeper.running) start(keeper)
    else {
      keeper.holding = 'primary'
      keeper.sync = ''
      lost.push(...acknowledged.filter((commit) => !keeper.log.includes(commit)))
    }
  }

  function copy(keeper: Keeper): void {
    const leader = otherOf(keeper)
    if (!writes(leader) || !replicates) return
    keeper.holding = 'standby'
    keeper.startedAtMs = undefined
    keeper.log = [...leader.log]
  }

  /** Each primary takes one write; it is acknowledged unless it waits for a standby that does not get it. */
  function write(keeper: Keeper): void {
    if (!writes(keeper)) return
    commits += 1
    keeper.log.push(commits)
    const standby = otherOf(keeper)
    const arrives = follows(standby) && isPrefix(standby.log, keeper.log)
    if (arrives)
      standby.log = keeper.log.slice(
        0,
        keeper.sync === standby.pod ? undefined : Math.max(standby.log.length, keeper.log.length - LAG),
      )
    if (keeper.sync !== '' && !(keeper.sync === standby.pod && arrives)) return
    acknowledged.push(commits)
    acknowledgedAtMs.push(nowMs)
  }

  function statusOf(keeper: Keeper): KeeperStatus {
    const standby = otherOf(keeper)
    const { pod, holding, running } = keeper
    const seen = typeof keeper.record === 'object' ? keeper.record : undefined
    return {
      pod,
      instance: String(keeper.instance),
      holding,
      running,
      writable: writes(keeper),
      fenced: false,
      seeding: false,
      leaving: keeper.leavingAtMs !== undefined,
      timeline: 1,
      writtenLsn: keeper.log.length,
      replayedLsn: keeper.log.length,
      connections: 0,
      followers:
        writes(keeper) && follows(standby) && isPrefix(standby.log, keeper.log)
          ? [{ pod: standby.pod, flushedLsn: standby.log.length, silentMs: 0 }]
          : [],
      sync: keeper.sync,
      syncFromLsn: keeper.syncFrom,
      seenEpoch: seen?.epoch ?? 0,
      seenLeader: seen?.leader ?? '',
    }
  }

  /** It reads in one beat and writes in the next: by compare-and-swap, so that it may come too late. */
  function operate(operator: Operator): void {
    const answers = keepers.map((keeper, at) => ({
      pod: keeper.pod,
      status: keeper.alive && keeper.hasOperators && !operator.blindTo.has(at) ? statusOf(keeper) : undefined,
    }))
    const decision = decide({ record, ...operator.memory.take(record, answers, nowMs), fencing })
    operator.decided = decision && { record: decision.record, version }
  }

  function commit(operator: Operator): void {
    const { decided } = operator
    operator.decided = undefined
    if (!operator.alive || decided === undefined || decided.version !== version) return
    if (decided.record.epoch !== record?.epoch) promotions += 1
    record = decided.record
    version += 1
  }

  function pass(ms: number): void {
    for (const untilMs = nowMs + ms; nowMs < untilMs; nowMs += GUARD_MS) {
      for (const keeper of keepers) guard(keeper)
      for (const keeper of keepers) leave(keeper)
      const beat = (nowMs / GUARD_MS) % (ROUND_MS / GUARD_MS)
      for (const [position, keeper] of keepers.entries()) if (phases[position] === beat) round(keeper)
      for (const operator of operators) commit(operator)
      for (const [position, operator] of operators.entries())
        if (operator.alive && phases[2 + position] === beat) operate(operator)
      for (const keeper of keepers) write(keeper)
    }
  }

  function apply(step: Step): void {
    switch (step.kind) {
      case 'pass':
        return pass(step.ms)
      case 'restart-operator':
        return void Object.assign(operators[step.operator] as Operator, {
          memory: createMemory(nowMs),
          alive: true,
          decided: undefined,
        })
      case 'stop-operator':
        return void Object.assign(operators[step.operator] as Operator, { alive: false })
      case 'blind':
        return void operators[step.operator]?.blindTo.add(step.of)
      case 'see':
        return operators[step.operator]?.blindTo.clear()
      case 'cut-replication':
      case 'join-replication':
        replicates = step.kind === 'join-replication'
        return
      case 'wish':
        if (record) record = { ...record, primary: (keepers[step.at] as Keeper).pod }
        version += 1
        return
      default:
        return change(keepers[step.at] as Keeper, step.kind, nowMs)
    }
  }

  return {
    apply,
    acknowledgedWithinMs: (ms) => acknowledgedAtMs.filter((atMs) => atMs >= nowMs - ms).length,
    writable: () => keepers.filter(writes).map(({ pod }) => pod),
    get lost() {
      return lost
    },
    get promotions() {
      return promotions
    },
  }
}

function change(keeper: Keeper, kind: AtOne['kind'], nowMs: number): void {
  if (kind === 'cut-api') keeper.hasApi = false
  if (kind === 'cut-operators') keeper.hasOperators = false
  if (kind === 'join') [keeper.hasApi, keeper.hasOperators] = [true, true]
  if (kind === 'leave' && keeper.alive) keeper.leavingAtMs ??= nowMs
  if (kind === 'die') {
    const gone = {
      alive: false,
      running: false,
      leavingAtMs: undefined,
      startedAtMs: undefined,
      stoppedAtMs: undefined,
    }
    Object.assign(keeper, gone)
  }
  if (kind !== 'start' || keeper.alive) return
  keeper.alive = true
  keeper.instance += 1
  keeper.record = undefined
  keeper.readAtMs = Number.NEGATIVE_INFINITY
  keeper.sync = ''
}

const isPrefix = (short: readonly number[], long: readonly number[]): boolean =>
  short.length <= long.length && short.every((commit, at) => commit === long[at])

const newOperator = (nowMs: number): Operator => ({
  memory: createMemory(nowMs),
  alive: true,
  blindTo: new Set(),
  decided: undefined,
})

const newKeeper = (pod: string): Keeper => ({
  pod,
  instance: 1,
  alive: true,
  holding: 'nothing',
  running: false,
  leavingAtMs: undefined,
  startedAtMs: undefined,
  stoppedAtMs: undefined,
  log: [],
  sync: '',
  syncFrom: 0,
  record: undefined,
  readAtMs: -LEASE_MS * 2,
  hasApi: true,
  hasOperators: true,
})
