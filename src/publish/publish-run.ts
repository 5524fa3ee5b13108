/** Publishes one run: while it is under way, and afterwards what did not arrive. Everything is made of the journal alone. */
import { join } from 'node:path'
import type { Evidence } from '../domain/evidence.ts'
import type { PublishTarget } from '../domain/rehearsal.ts'
import { followJournal } from '../journal/follow.ts'
import { readJournal } from '../journal/read.ts'
import { createAnnotating } from './annotations.ts'
import { openPublishCursor, type ReceiverName, receivers } from './cursor.ts'
import {
  type Authorization,
  grafanaRound,
  PUBLISH_PACE,
  type PublishPace,
  remoteWriteRound,
  type SampleBatch,
} from './receivers.ts'
import { createSampling } from './samples.ts'

/** What became of one receiver. `refused`: requests that it will never take. */
export type Published = {
  readonly receiver: ReceiverName
  readonly sent: number
  readonly refused: number
  readonly outstanding: number
  readonly problem?: string
}

export type Publishing = {
  /** Reads what is there and waits for it to arrive, at most this long. */
  end(graceMs: number): Promise<readonly Published[]>
}

type Entry = { readonly record: Evidence; readonly line: number }
const journalIn = (folder: string): string => join(folder, 'journal.ndjson')

/** Follows the journal of a run that is under way. */
export function publishFollowing(
  folder: string,
  to: PublishTarget,
  authorize: Authorization,
  pace: PublishPace = PUBLISH_PACE,
): Publishing {
  const { add, settle } = publisherOf(folder, to, authorize, pace)
  const ending = new AbortController()
  const reading = (async () => {
    for await (const { entries } of followJournal(journalIn(folder), ending.signal)) add(entries)
  })()
  // Set by `end`.
  reading.catch(() => undefined)
  return {
    async end(graceMs) {
      ending.abort()
      await reading
      return settle(graceMs)
    },
  }
}

/** Publishes the outstanding part of a run that has ended. */
export async function publishStored(
  folder: string,
  to: PublishTarget,
  authorize: Authorization,
  graceMs: number,
  pace: PublishPace = PUBLISH_PACE,
): Promise<readonly Published[]> {
  const { add, settle } = publisherOf(folder, to, authorize, pace)
  let entries: Entry[] = []
  for await (const entry of readJournal(journalIn(folder))) {
    entries.push(entry)
    if (entries.length < RECORDS_AT_ONCE) continue
    add(entries)
    entries = []
  }
  add(entries)
  return settle(graceMs)
}

const RECORDS_AT_ONCE = 200
/** Prometheus' own senders stay below some thousand samples in a request. */
const SAMPLES_MOST = 5000

function publisherOf(folder: string, to: PublishTarget, authorize: Authorization, pace: PublishPace) {
  const progress = openPublishCursor(folder)
  const before = { remoteWrite: progress.of('remoteWrite'), grafana: progress.of('grafana') }
  const { samples } = createSampling()
  const { annotations } = createAnnotating()
  const rounds = {
    remoteWrite: to.remoteWrite && remoteWriteRound(to.remoteWrite, authorize, progress, pace),
    grafana: to.grafana && grafanaRound(to.grafana, authorize, progress, pace),
  }
  const add = (entries: readonly Entry[]): void => {
    // Every record is folded, even if an earlier process published its samples, because counters continue from it.
    let batch: SampleBatch = { line: 0, samples: [] }
    const flush = () => {
      if (batch.samples.length > 0) rounds.remoteWrite?.add(batch)
      batch = { line: 0, samples: [] }
    }
    for (const { record, line } of entries) {
      const fresh = samples(record)
      if (line > before.remoteWrite) batch = { line, samples: [...batch.samples, ...fresh] }
      if (batch.samples.length >= SAMPLES_MOST) flush()
      const told = annotations(record, line)
      if (line <= before.grafana) continue
      // A journal line counts as published after its last annotation.
      for (const each of told) rounds.grafana?.add(each === told.at(-1) ? each : { ...each, line: line - 1 })
    }
    flush()
  }
  const settle = async (graceMs: number): Promise<readonly Published[]> => {
    const all = receivers.map(async (receiver): Promise<readonly Published[]> => {
      const settled = await rounds[receiver]?.settle(graceMs)
      return settled === undefined ? [] : [{ receiver, ...settled }]
    })
    return (await Promise.all(all)).flat()
  }
  return { add, settle }
}
