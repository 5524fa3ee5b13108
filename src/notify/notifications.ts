/**
 * notify: what a run tells other systems while it goes on. Notifications are made of the journal alone: the line of the record is part of the id, so
 * that the same notification has the same id however often it is sent.
 */
import type { Evidence, RunStarted } from '../domain/evidence.ts'
import { runnerName } from '../domain/runners.ts'
import { showDuration } from '../domain/show.ts'
import { triggerSentence } from '../domain/trigger.ts'
import type { Instant } from '../domain/units.ts'
import type { Finding, Judgment } from '../domain/verdict.ts'
import { eventWords } from '../report/live/event-words.ts'
import { counted, verdictWords } from '../report/words.ts'

export const notificationKinds = ['planned', 'started', 'injected', 'guardrail', 'healed', 'verdict'] as const
export type NotificationKind = (typeof notificationKinds)[number]

export type Notification = {
  readonly id: string
  /** Line of the journal; of the verdict Infinity, because it comes after all lines. */
  readonly line: number
  readonly kind: NotificationKind
  readonly at: Instant
  readonly run: string
  readonly rehearsal: string
  readonly context: string
  /** Without the names of rehearsal and context. */
  readonly sentence: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What is told of a judgment: little enough to be read back from verdict.json. */
export type VerdictNews = Pick<Judgment, 'summary' | 'exitCode' | 'healed'> & {
  readonly verdict: { readonly kind: Judgment['verdict']['kind'] }
  readonly findings: readonly Pick<Finding, 'weight' | 'cause' | 'subject' | 'sentence'>[]
}

export type Notifications = {
  /** What a record has to tell; undefined for most of them. */
  notification(record: Evidence, line: number): Notification | undefined
  /** Undefined before the head of the journal. */
  verdict(judgment: VerdictNews): Notification | undefined
}

const FINDINGS_MOST = 10

export function createNotifications(): Notifications {
  let head: RunStarted | undefined
  let at: Instant | undefined
  const told = (id: string, line: number, when: Instant, { kind, sentence, data }: Told): Notification | undefined =>
    head && {
      id: `${head.run}/${id}`,
      line,
      kind,
      at: when,
      run: head.run,
      rehearsal: head.rehearsal.name,
      context: head.target.context,
      sentence,
      data,
    }
  return {
    notification(record, line) {
      if (record.kind === 'run-started') head ??= record
      at = record.at
      const news = head && newsOf(record, head)
      return news && told(String(line), line, record.at, news)
    },
    verdict(judgment) {
      return at && told('verdict', Number.POSITIVE_INFINITY, at, verdictNews(judgment))
    },
  }
}

type Told = Pick<Notification, 'kind' | 'sentence' | 'data'>

function newsOf(record: Evidence, head: RunStarted): Told | undefined {
  switch (record.kind) {
    case 'run-started':
      return planned(record)
    case 'load-started':
      // Of several runners, the first speaks for all.
      if (record.pod !== undefined && record.instance !== runnerName(0)) return undefined
      return {
        kind: 'started',
        sentence: `the load runs for ${showDuration(head.timeline.totalMs)}.`,
        data: { zeroAt: timeOf(record.zeroAt), totalMs: head.timeline.totalMs },
      }
    case 'fault-step':
      return harmNews(record, { fault: record.fault }, record.step.is === 'injected', record.step.is === 'healed')
    case 'action-step':
      return harmNews(record, { action: record.action }, record.step.is === 'begun', record.step.is === 'healed')
    case 'guardrail-tripped': {
      const { id, sli, measured, below } = record
      return { kind: 'guardrail', sentence: wordsOf(record), data: { guardrail: id, sli, measured, below } }
    }
    // A dead run: its faults and actions have no step that says so.
    case 'undo-done':
      return record.by === 'heal'
        ? { kind: 'healed', sentence: wordsOf(record), data: { undo: record.id, by: 'heal' } }
        : undefined
    default:
      return undefined
  }
}

function planned({ rehearsal, target, timeline }: RunStarted): Told {
  const { faults, actions, phases, totalMs } = timeline
  const harms = `${counted(faults.length, 'fault')} and ${counted(actions.length, 'action')}`
  return {
    kind: 'planned',
    sentence: `about to start in ${target.namespace}: ${showDuration(totalMs)} with ${harms}.`,
    data: {
      hypothesis: rehearsal.hypothesis,
      namespace: target.namespace,
      totalMs,
      phases: phases.map(({ name, fromMs, toMs }) => ({ name, fromMs, toMs })),
      faults: faults.map(({ name, fromMs, toMs, gate, trigger }) => ({
        name,
        fromMs,
        toMs,
        ...(gate ? { gate: gate.by } : {}),
        ...(trigger ? { when: triggerSentence(trigger.trigger), byMs: trigger.byMs } : {}),
      })),
      actions: actions.map(({ name, fromMs, trigger }) => ({
        name,
        fromMs,
        ...(trigger ? { when: triggerSentence(trigger.trigger), byMs: trigger.byMs } : {}),
      })),
    },
  }
}

function harmNews(
  record: Evidence,
  data: Readonly<Record<string, string>>,
  isBegun: boolean,
  isHealed: boolean,
): Told | undefined {
  if (!isBegun && !isHealed) return undefined
  return { kind: isBegun ? 'injected' : 'healed', sentence: wordsOf(record), data }
}

function verdictNews({ verdict, summary, exitCode, healed, findings }: VerdictNews): Told {
  const left = healed ? '' : ' Not everything was undone: run matchday heal.'
  const told = findings.slice(0, FINDINGS_MOST).map(({ weight, cause, subject, sentence }) => ({
    weight,
    cause,
    subject,
    sentence,
  }))
  return {
    kind: 'verdict',
    sentence: `${verdictWords[verdict.kind].word}. ${summary}${left}`,
    data: { verdict: verdict.kind, exitCode, healed, summary, findings: told, findingsInAll: findings.length },
  }
}

/** The line that the console and the live page show too. */
function wordsOf(record: Evidence): string {
  const words = eventWords(record)
  return words === undefined ? '' : `${words.subject}${words.text}.`
}

/** RFC 3339. */
export const timeOf = (at: Instant): string => new Date(at).toISOString()
