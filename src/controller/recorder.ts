/** The one way for evidence into the journal: in order, with timestamps of one clock, and passed live to all listeners. */
import type { Evidence } from '../domain/evidence.ts'
import type { Instant } from '../domain/units.ts'
import type { Clock } from './ports.ts'
import type { Redaction } from './redaction.ts'

/** The part of a journal that the controller needs (`journal.openJournal`). */
export type EvidenceSink = { append(record: Evidence): void; flush(): Promise<void> }

type Unstamped = Evidence extends infer E
  ? E extends Evidence
    ? Omit<E, 'at'> & { readonly at?: Instant }
    : never
  : never

export type Recorder = {
  record(evidence: Unstamped): void
  /** Resolves when everything recorded so far is on disk. */
  flush(): Promise<void>
}

/** `redact` hides credentials in each record. `onFailure` is called once when the journal can no longer be written. A run without evidence must stop and heal. */
export function createRecorder(
  sink: EvidenceSink,
  clock: Clock,
  onEvidence: (record: Evidence) => void,
  onFailure: (error: unknown) => void,
  redact: Redaction['value'] = (value) => value,
): Recorder {
  let failed = false
  const fail = (error: unknown) => {
    if (failed) return
    failed = true
    onFailure(error)
  }
  return {
    record: (evidence) => {
      const record = redact({ ...evidence, at: evidence.at ?? clock.now() } as Evidence)
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
