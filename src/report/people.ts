/** What people wrote and decided, in one timeline with what the machine did. Empty where nobody said anything. */
import type { Evidence } from '../domain/evidence.ts'
import type { Decision, Note } from '../domain/people.ts'
import type { Instant } from '../domain/units.ts'
import { type EventWords, eventWords } from './live/event-words.ts'

export type TimelineEntry = {
  readonly at: Instant
  /** Line of the journal. */
  readonly line: number
  readonly words: EventWords
  readonly said: boolean
}

export type PeopleRecords = {
  readonly decisions: readonly { readonly decision: Decision; readonly known: string }[]
  readonly followUps: readonly Note[]
  /** Notes that tick a step of the runbook. */
  readonly ticks: readonly Note[]
  readonly timeline: readonly TimelineEntry[]
}

/** Machine lines that are kept: a run with more than these has them in its journal. */
const MACHINE_LINES_MAX = 500

export function createPeopleFold() {
  const decisions: Decision[] = []
  const followUps: Note[] = []
  const ticks: Note[] = []
  const timeline: TimelineEntry[] = []
  let machine = 0

  return {
    add(record: Evidence, line: number): void {
      const words = eventWords(record)
      if (words === undefined) return
      const said = record.kind === 'note' || record.kind === 'decision'
      if (!said && ++machine > MACHINE_LINES_MAX) return
      timeline.push({ at: record.at, line, words, said })
      if (record.kind === 'decision') decisions.push(record)
      if (record.kind === 'note' && record.is === 'follow-up') followUps.push(record)
      if (record.kind === 'note' && record.is === 'step') ticks.push(record)
    },
    result(): PeopleRecords {
      if (!timeline.some(({ said }) => said)) return { decisions: [], followUps: [], ticks: [], timeline: [] }
      return {
        decisions: decisions.map((decision) => ({ decision, known: knownAt(decision.seen, timeline) })),
        followUps,
        ticks,
        timeline,
      }
    },
  }
}

/** The last event that was on the screen of whoever decided. */
function knownAt(seen: number | undefined, timeline: readonly TimelineEntry[]): string {
  if (seen === undefined) return 'not known: decided in a terminal'
  const last = timeline.findLast(({ line, said }) => line <= seen && !said)
  return last === undefined ? `journal line ${seen}` : `line ${seen}, after “${last.words.subject}${last.words.text}”`
}
