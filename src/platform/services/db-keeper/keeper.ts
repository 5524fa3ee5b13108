/** Brings the database to what the record says, again and again; knows at each moment how it is. */
import { randomUUID } from 'node:crypto'
import type { ClusterApi } from '../../shared/cluster-api.ts'
import { type Log, reasonOf } from '../../shared/log.ts'
import { type KeeperStatus, type RoleRecord, recordOf } from '../../shared/role-record.ts'
import type { Asking, ServerState } from './asking.ts'
import { type Intention, intentionOf } from './intention.ts'
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
  /** Resolves when the database is stopped; a leader first gives others the time to take over. */
  leave(): Promise<void>
}

// Handing over takes a round of the operator, the shutdown and a round again; alone, nobody will come.
const HAND_OVER_MS = 5_000
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
  let broken = false
  let sync = { standby: '', fromLsn: 0 }
  let last: Intention | undefined
  let copying: Promise<void> | undefined

  async function round(): Promise<boolean> {
    await Promise.all([readRecord(), look()])
    const intention = intend()
    if (intention !== last) log.info('intention', { intention, holding: server.holding() })
    last = intention
    await act(intention)
    return intention === 'seed' || (seen !== undefined && (intention === 'lead' || intention === 'follow'))
  }

  const intend = (): Intention =>
    intentionOf({
      pod,
      instance,
      holding: server.holding(),
      running: server.running(),
      record,
      recordAgeMs: performance.now() - readAtMs,
    })

  async function readRecord(): Promise<void> {
    const askedAtMs = performance.now()
    const path = `/api/v1/namespaces/${parts.api.namespace}/configmaps/${parts.recordName}`
    const answer = await parts.api.call({ path }).catch((thrown: unknown) => ({ status: 0, body: reasonOf(thrown) }))
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
        log.warn('no longer the leader: stopping')
        await server.stop()
        seen = undefined
        return
      case 'wait':
        return
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
      .catch((thrown: unknown) => log.warn('the leader cannot be copied yet', { reason: reasonOf(thrown) }))
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

  return {
    round,
    guard: () => {
      if (intend() === 'fence') void server.stop()
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
      leaving = true
      const deadlineMs = performance.now() + HAND_OVER_MS
      const hasHeir = () => typeof record === 'object' && record.safe !== ''
      while (hasHeir() && server.running() && server.holding() === 'primary' && performance.now() < deadlineMs)
        await new Promise((resolve) => setTimeout(resolve, 100))
      await server.stop()
      await asking.close()
    },
  }
}
