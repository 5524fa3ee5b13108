/** What each sort of trigger gives: it reads the records of the run one by one. */
import type { Evidence } from '../../domain/evidence.ts'
import type { TriggerSign } from '../../domain/trigger.ts'

export type TriggerWatch = {
  /** Takes every record of the run. `armedAt`: undefined while it is not armed. Returns what fired it. */
  add(record: Evidence, armedAt: number | undefined): TriggerSign | undefined
  /** The last reading, in words. */
  last(): string
}

export const NOTHING_READ = 'nothing was read of it'
