/** Brings the database to the state in the record, round after round, and knows its current state. */

import { randomUUID } from 'node:crypto'
import { messageOf } from '../../../domain/unknown.ts'
import type { ClusterApi } from '../../shared/cluster-api.ts'
import type { Log } from '../../shared/log.ts'
import { isElsewhere, type KeeperStatus, LEASE_MS, type RoleRecord, recordOf } from '../../shared/role-record.ts'
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
  /** One round: read the record, look at the database, act. Never two at once. False while a caller waits for the next round. */
  round(): Promise<boolean>
  /** Stops a leader whose lease has run out; cheap, and never waits for another process. */
  guard(): void
  /** The server ended by itself: a standby's folder is copied again. */
  mistrust(): void
  /** Resolves when the database is stopped; a leader first hands over to its standby, if that can take over. */
  leave(): Promise<void>
}

// A leader that is to stop serves until the operator has removed it from the record. That takes half a second, or the start of another operator where
// the same drain took that one too: some ten seconds.
const HAND_OVER_MS = 15_000
// Until the operator knows that a leader has stopped, or has removed a standby: two of its rounds, and the same again as reserve.
const FAREWELL_MS = 2_000
const WATCH_MS = 50
// For statements in flight when it was removed: a commit takes 30 ms at p95 on two busy cores.
const SETTLE_MS = 100
// A standby that can't follow for this long while there is a leader is copied again: its log has diverged from the leader's, or ends too early.
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

  /** No member may write: clients wait until a new leader is named. */
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
        server.start(isElsewhere(record))
        fence()
        return synchronise()
      case 'promote':
        if (seen?.standby !== true) return server.start(isElsewhere(record))
        server.setSync('')
        fence()
        await asking.promote()
        log.info('promoted', { timeline: seen.timeline })
        seen = await asking.state()
        return
      case 'follow':
        if (broken) return copy()
        if (!leaving) server.start(false)
        return performance.now() - followedAtMs > STRANDED_MS ? copy() : undefined
      case 'seed':
        return copy()
      case 'fence':
        return stepDown()
      case 'wait':
        return
    }
  }

  /** A leader whose region is not to write serves readers, and nothing can be written. */
  function fence(): void {
    const wanted = isElsewhere(record)
    if (server.readOnly() === wanted) return
    log.warn(wanted ? 'another region writes: read-only' : 'this region writes')
    server.setReadOnly(wanted)
  }

  /**
   * A leader that was removed from the record lets statements in flight finish. New writes are refused, so that clients know that nothing
   * was written. One whose lease has expired has no time for that.
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

  /** An error here must not keep it from stopping. */
  async function settle(): Promise<void> {
    try {
      server.setReadOnly(true)
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
    // All commits wait from the next reading on. Earlier ones must have arrived before the standby is complete.
    sync = { standby: wanted, fromLsn: Number.POSITIVE_INFINITY }
    const state = await asking.state()
    sync = { standby: wanted, fromLsn: state?.writtenLsn ?? Number.POSITIVE_INFINITY }
    log.info('commits wait for', { standby: wanted === '' ? 'nobody' : wanted })
  }

  /** In the background, so that the lease and the operator's requests are still served. */
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

  /** The decision from the start of the copy may be outdated: a leader, or a member that is about to lead, deletes nothing. */
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
      // Whether it could write, not whether it answers: a server that hangs, or is being stopped, counts until it is gone.
      writable: server.running() && server.holding() === 'primary',
      fenced: isElsewhere(record) && server.readOnly(),
      seeding: copying !== undefined,
      leaving,
      timeline: seen?.timeline ?? 0,
      writtenLsn: seen?.writtenLsn ?? 0,
      replayedLsn: seen?.replayedLsn ?? 0,
      connections: seen?.connections ?? 0,
      lockWaitS: seen?.lockWaitS ?? 0,
      followers: seen?.followers ?? [],
      sync: sync.standby,
      syncFromLsn: Number.isFinite(sync.fromLsn) ? sync.fromLsn : Number.MAX_SAFE_INTEGER,
      seenEpoch: typeof record === 'object' ? record.epoch : 0,
      seenLeader: typeof record === 'object' ? record.leader : '',
    }),
    leave: async () => {
      // While it still serves, so that the checkpoint does not delay the failover.
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
