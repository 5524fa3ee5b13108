/** The notifications of one run: while it is under way, and afterwards those that did not arrive. */
import { join } from 'node:path'
import { followJournal } from '../journal/follow.ts'
import { readJournal } from '../journal/read.ts'
import { createCourier, type Outstanding, PACE, type Pace } from './courier.ts'
import { openCursor } from './cursor.ts'
import { createNotifications, type VerdictNews } from './notifications.ts'
import type { Destination } from './webhooks.ts'

export type Following = {
  /** Reads what is there, adds the verdict if the run has one, and waits for the rest to arrive, at most this long. */
  end(judgment: VerdictNews | undefined, graceMs: number): Promise<readonly Outstanding[]>
}

const journalIn = (folder: string): string => join(folder, 'journal.ndjson')

/** Follows the journal of a run that is under way. */
export function followRun(folder: string, webhooks: readonly Destination[], pace: Pace = PACE): Following {
  const { notification, verdict } = createNotifications()
  const courier = createCourier(webhooks, openCursorFor(folder, webhooks), pace)
  const ending = new AbortController()
  const reading = (async () => {
    for await (const { entries } of followJournal(journalIn(folder), ending.signal))
      for (const { record, line } of entries) {
        const told = notification(record, line)
        if (told) courier.add(told)
      }
  })()
  // Told by `end`.
  reading.catch(() => undefined)
  return {
    async end(judgment, graceMs) {
      ending.abort()
      await reading
      const last = judgment && verdict(judgment)
      if (last) courier.add(last)
      return courier.settle(graceMs)
    },
  }
}

/** Delivers what is outstanding of a run that nobody performs any more. */
export async function deliverStored(
  folder: string,
  webhooks: readonly Destination[],
  judgment: VerdictNews,
  graceMs: number,
  pace: Pace = PACE,
): Promise<readonly Outstanding[]> {
  const { notification, verdict } = createNotifications()
  const courier = createCourier(webhooks, openCursorFor(folder, webhooks), pace)
  for await (const { record, line } of readJournal(journalIn(folder))) {
    const told = notification(record, line)
    if (told) courier.add(told)
  }
  const last = verdict(judgment)
  if (last) courier.add(last)
  return courier.settle(graceMs)
}

const openCursorFor = (folder: string, webhooks: readonly Destination[]) =>
  openCursor(
    folder,
    webhooks.map(({ form }) => form),
  )
