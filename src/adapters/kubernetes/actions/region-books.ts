/** Reads the book of both regions during a cutover: what was booked until the freeze, while the writes drained, and after that. */
import type { CutoverPlace, CutoverStep } from '../../../domain/cutover.ts'
import type { ActionStepData } from '../../../domain/evidence.ts'
import type { Target } from '../../../domain/rehearsal.ts'
import { CLOCK_MARGIN_MS, COMMIT_MARGIN_MS, type CutCells } from '../../../domain/restore.ts'
import { after, type Instant, instant, millis, seconds } from '../../../domain/units.ts'
import { messageOf } from '../../../domain/unknown.ts'
import { demand, paths } from '../../../protocols/kubernetes/api.ts'
import { insist } from '../../../protocols/kubernetes/insist.ts'
import { cellsOf } from './book-cells.ts'
import { LOOK_EVERY } from './change.ts'
import type { RegionPorts } from './regions.ts'

/** So long after the drain the old region must book nothing. What the catch-up takes is part of it. */
const WATCH_FOR = seconds(1)
/** The writes are frozen meanwhile, so a book that does not answer is not waited for. */
const READ_WITHIN = seconds(3)

type Which = Extract<ActionStepData, { is: 'region-book' }>['region']
export type RegionBooks = {
  /** When the freeze was proven, and when nothing was under way any more. */
  proven(step: CutoverStep, at: Instant): void
  /** Resolves when the freeze was watched for long enough. */
  watched(): Promise<void>
  /** Does nothing before the freeze. If the book cannot be read, it records why. */
  read(region: Which): Promise<void>
  /** Says that the book of the old region grew after the drain. Undefined if it did not, or if a reading is missing. */
  grown(): string | undefined
}

export function createRegionBooks(
  ports: RegionPorts & { readonly run: string; readonly settings: Target; readonly place: CutoverPlace },
  say: (step: ActionStepData) => void,
): RegionBooks {
  const { api, clock, signal, run, settings, place } = ports
  const at = new Map<CutoverStep, Instant>()
  const booked = new Map<Which, number>()
  const late = () => after(clock.now(), READ_WITHIN)
  return {
    proven: (step, moment) => void at.set(step, moment),
    watched: async () => {
      const emptyAt = at.get('drain')
      if (place.book !== undefined && emptyAt !== undefined) await clock.until(after(emptyAt, WATCH_FOR), signal)
    },
    read: async (region) => {
      const frozenAt = at.get('freeze')
      const fresh = place.book
      const old = settings.books.find(({ book }) => book === fresh?.book)
      if (fresh === undefined || old === undefined || frozenAt === undefined) return
      const emptyAt = at.get('drain') ?? after(frozenAt, millis(COMMIT_MARGIN_MS))
      const cuts = [instant(Math.round(frozenAt)), instant(Math.round(emptyAt + CLOCK_MARGIN_MS))]
      const { namespace, service, port } = region === 'new' ? fresh : old
      const path = paths.serviceProxy(namespace, service, port, '/books/cut')
      const options = { timeoutMs: READ_WITHIN, ...(signal === undefined ? {} : { signal }) }
      const deadline = late()
      try {
        const answer = await insist(
          () => demand(api, { method: 'POST', path, body: { run, cuts }, ...options }),
          () => clock.now() >= deadline || signal?.aborted === true,
          () => clock.until(after(clock.now(), LOOK_EVERY), signal),
        )
        const cells = cellsOf(answer, fresh.book, cuts)
        say({ is: 'region-book', book: fresh.book, region, cuts, cells })
        booked.set(region, bookedIn(cells))
      } catch (error) {
        if (signal?.aborted) throw error
        say({ is: 'region-book-unread', region, problem: messageOf(error) })
      }
    },
    grown: () => {
      const [drained, now] = [booked.get('old-drained'), booked.get('old-before')]
      if (drained === undefined || now === undefined || now <= drained) return undefined
      return `${place.from.name} still writes: its book ${place.book?.book} grew from ${drained} to ${now} operations after the drain`
    },
  }
}

const bookedIn = (all: readonly CutCells[]): number =>
  all.flatMap(({ cells }) => cells).reduce((sum, { count }) => sum + count, 0)
