/** One way for evidence into the journal: in order, stamped by one clock, and shown live to whoever listens. */
import type { Evidence } from '../domain/evidence.ts'
import type { Instant } from '../domain/units.ts'
import type { Clock } from './ports.ts'

/** The part of a journal that performing needs (`journal.openJournal`). */
export type EvidenceSink = { append(record: Evidence): void; flush(): Promise<void> }

type Unstamped = Evidence extends infer E
  ? E extends Evidence
    ? Omit<E, 'at'> & { readonly at?: Instant }
    : never
  : never

export type Recorder = {
  record(evidence: Unstamped): void
  /** Everything recorded so far is on disk. */
  flush(): Promise<void>
}

/** `onFailure` is told once when the journal can no longer be written: a run without evidence must stop and heal. */
export function recording(
  sink: EvidenceSink,
  clock: Clock,
  onEvidence: (record: Evidence) => void,
  onFailure: (error: unknown) => void,
): Recorder {
  let failed = false
  const fail = (error: unknown) => {
    if (failed) return
    failed = true
    onFailure(error)
  }
  return {
    record: (evidence) => {
      const record = { ...evidence, at: evidence.at ?? clock.now() } as Evidence
      try {
        sink.append(record)
      } catch (error) {
        fail(error)
      }
      onEvidence(record)
    },
    flush: async () => {
      try {
        await sink.flush()
      } catch (error) {
        fail(error)
        throw error
      }
    },
  }
}
