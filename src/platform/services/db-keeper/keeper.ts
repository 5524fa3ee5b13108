/** Brings the database to what the record says, again and again; knows at each moment how it is. */

import { randomUUID } from 'node:crypto'
import { messageOf } from '../../../domain/unknown.ts'
import type { ClusterApi } from '../../shared/cluster-api.ts'
import type { Log } from '../../shared/log.ts'
import { type KeeperStatus, LEASE_MS, type RoleRecord, recordOf } from '../../shared/role-record.ts'
import type { Asking, ServerState } from './asking.ts'
import { type Intention, intentionOf, isAwaited, type KeeperView } from './intention.ts'
import { seed } from './seed.ts'
import type { Server } from './server.ts'

export type KeeperParts = {
  readonly pod: string
  readonly folder: string
  readonly leaderUrl: string
  readonly server: Server
  readonly asking: Asking
  readonly api: ClusterApi
  readonly recordName: string
  readonly log: Log
}

export type Keeper = {
  status(): KeeperStatus
  /** One round: read the record, look at the database, act. Never two at once. False while somebody waits for the next. */
  round(): Promise<boolean>
  /** Stops a leader whose lease has run out; cheap, and never waits for an answer of anybody. */
  guard(): void
  /** The server ended by itself: a standby's folder is copied anew. */
  mistrust(): void
  /** Resolves when the database is stopped; a leader first hands over to its standby, if that is fit to take over. */
  leave(): Promise<void>
}

// A leader that is to end serves on until the operator has struck it off. That takes half a second, or the start of another operator where
// the same drain took that one too: some ten seconds.
const HAND_OVER_MS = 15_000
// Until the operator knows that a leader has stopped, or has struck a standby off: two rounds of it, and as much again.
const FAREWELL_MS = 2_000
const WATCH_MS = 50
// What was under way when it was struck off: a commit takes 30 ms at p95, among others on two cores.
const SETTLE_MS = 100
// A standby that can't follow for this long while there is a leader is made anew: its log has parted from the leader's, or ends too early.
const STRANDED_MS = 15_000

export function createKeeper(parts: KeeperParts): Keeper {
  const { pod, server, asking, log } = parts
  const instance = randomUUID()
  let record: RoleRecord | 'absent' | undefined
  let readAtMs = Number.NEGATIVE_INFINITY
  let seen: ServerState | undefined
  let followedAtMs = performance.now()
  let leaving = false
  let ending = false
  let broken = false
  let sync = { standby: '', fromLsn: 0 }
  let last: Intention | undefined
  let copying: Promise<void> | undefined
  let stepping: Promise<void> | undefined

  async function round(): Promise<boolean> {
    await Promise.all([readRecord(), look()])
    const intention = intend()
    if (intention !== last) log.info('intention', { intention, holding: server.holding() })
    last = intention
    if (!ending) await act(intention)
    return (
      intention === 'seed' || (seen !== undefined && !isVacant() && (intention === 'lead' || intention === 'follow'))
    )
  }

  const view = (): KeeperView => ({
    pod,
    instance,
    holding: server.holding(),
    running: server.running(),
    record,
    recordAgeMs: performance.now() - readAtMs,
  })

  const intend = (): Intention => intentionOf(view())

  /** Nobody may write: clients wait until a new leader is named. */
  const isVacant = (): boolean => typeof record === 'object' && record.leader === ''

  async function readRecord(): Promise<void> {
    const askedAtMs = performance.now()
    const path = `/api/v1/namespaces/${parts.api.namespace}/configmaps/${parts.recordName}`
    const answer = await parts.api.call({ path }).catch((thrown: unknown) => ({ status: 0, body: messageOf(thrown) }))
    if (answer.status === 404) record = 'absent'
    else if (answer.status === 200)
      record = recordOf((answer.body as { data?: Record<string, string> }).data) ?? 'absent'
    else return
    readAtMs = askedAtMs
  }

  async function look(): Promise<void> {
    seen = server.running() ? await asking.state() : undefined
    if (seen?.standby !== true || seen.receiving) followedAtMs = performance.now()
  }

  async function act(intention: Intention): Promise<void> {
    switch (intention) {
      case 'lead':
        server.start()
        return synchronise()
      case 'promote':
        if (seen?.standby !== true) return server.start()
        server.setSync('')
        await asking.promote()
        log.info('promoted', { timeline: seen.timeline })
        seen = await asking.state()
        return
      case 'follow':
        if (broken) return copy()
        if (!leaving) server.start()
        return performance.now() - followedAtMs > STRANDED_MS ? copy() : undefined
      case 'seed':
        return copy()
      case 'fence':
        return stepDown()
      case 'wait':
        return
    }
  }

  /**
   * One that was struck off lets what is under way come to its end: nothing new can be written, and whoever tries is told so, and knows
   * that nothing was. One whose lease has run out has no time for that.
   */
  function stepDown(): Promise<void> {
    stepping ??= (async () => {
      log.warn('no longer the leader: stopping')
      if (view().recordAgeMs <= LEASE_MS) await settle()
      await server.stop()
      seen = undefined
    })().finally(() => {
      stepping = undefined
    })
    return stepping
  }

  /** Whatever goes wrong here must not keep it from stopping. */
  async function settle(): Promise<void> {
    try {
      server.setReadOnly()
      await pause(SETTLE_MS)
    } catch (thrown) {
      log.warn('what is under way cannot be waited for', { reason: messageOf(thrown) })
    }
  }

  async function synchronise(): Promise<void> {
    if (seen === undefined || seen.standby) return
    const wanted = record !== undefined && record !== 'absent' && record.leader === pod ? record.sync : ''
    if (wanted === sync.standby && sync.fromLsn > 0) return
    server.setSync(wanted)
    // From the next reading on all commits wait: what was written until then must have arrived before the standby is complete.
    sync = { standby: wanted, fromLsn: Number.POSITIVE_INFINITY }
    const state = await asking.state()
    sync = { standby: wanted, fromLsn: state?.writtenLsn ?? Number.POSITIVE_INFINITY }
    log.info('commits wait for', { standby: wanted === '' ? 'nobody' : wanted })
  }

  /** In the background: the lease and the operator's questions go on meanwhile. */
  function copy(): void {
    if (leaving) return
    copying ??= seed(parts.leaderUrl, parts.folder, release)
      .then(() => {
        broken = false
        log.info('copied the leader')
      })
      .catch((thrown: unknown) => log.warn('the leader cannot be copied yet', { reason: messageOf(thrown) }))
      .finally(() => {
        copying = undefined
        followedAtMs = performance.now()
      })
  }

  /** What was decided when the copy began may be wrong now: nothing is thrown away on a leader, or on one that is about to be. */
  async function release(): Promise<void> {
    requireFollower()
    await server.stop()
    requireFollower()
  }

  function requireFollower(): void {
    const intention = intend()
    if (intention !== 'seed' && intention !== 'follow') throw new Error(`it is to ${intention} meanwhile`)
  }

  async function whileAwaited(how: ReturnType<typeof isAwaited>, atMostMs: number): Promise<void> {
    const deadlineMs = performance.now() + atMostMs
    while (isAwaited(view()) === how && performance.now() < deadlineMs) await pause(WATCH_MS)
  }

  return {
    round,
    guard: () => {
      if (intend() === 'fence') void stepDown()
    },
    mistrust: () => {
      broken = server.holding() === 'standby'
    },
    status: () => ({
      pod,
      instance,
      holding: server.holding(),
      running: server.running() && seen !== undefined,
      // Whether it could write, not whether it answers: one that hangs, or is being stopped, counts until it is gone.
      writable: server.running() && server.holding() === 'primary',
      seeding: copying !== undefined,
      leaving,
      timeline: seen?.timeline ?? 0,
      writtenLsn: seen?.writtenLsn ?? 0,
      replayedLsn: seen?.replayedLsn ?? 0,
      connections: seen?.connections ?? 0,
      followers: seen?.followers ?? [],
      sync: sync.standby,
      syncFromLsn: Number.isFinite(sync.fromLsn) ? sync.fromLsn : Number.MAX_SAFE_INTEGER,
      seenEpoch: typeof record === 'object' ? record.epoch : 0,
      seenLeader: typeof record === 'object' ? record.leader : '',
    }),
    leave: async () => {
      // While it still serves: what is on disk already does not hold the switchover up.
      if (isAwaited(view()) === 'to serve') await asking.checkpoint().catch(() => undefined)
      leaving = true
      await whileAwaited('to confirm', FAREWELL_MS)
      await whileAwaited('to serve', HAND_OVER_MS)
      await whileAwaited('to answer', FAREWELL_MS)
      ending = true
      await server.stop()
      await asking.close()
    },
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
