/** One record as a line for people, on the terminal and on the live page; undefined for records that only the journal needs. */

import { cutoverStepWords } from '../../domain/cutover.ts'
import type { Evidence, EvidenceOf, TriggerStep } from '../../domain/evidence.ts'
import type { GateAnswer } from '../../domain/people.ts'
import type { RestoreStep } from '../../domain/restore.ts'
import { showMeasuredPercent, showPercent } from '../../domain/show.ts'
import type { Look } from '../words.ts'

export type EventWords = {
  /** What the line is about: `fault carrier-down`. The text follows it directly. */
  readonly subject: string
  readonly text: string
  readonly look?: Look
}

export function eventWords(record: Evidence): EventWords | undefined {
  switch (record.kind) {
    case 'phase-started':
      return { subject: record.phase, text: ' begins' }
    case 'load-started':
      return record.pod === undefined
        ? { subject: 'load', text: ` runs (k6, pid ${record.pid})` }
        : { subject: 'load', text: ` runs: ${record.instance} (pod ${record.pod} on ${record.node})` }
    case 'load-ended': {
      const [problem] = record.problems
      const whose = record.instance === 'k6' ? '' : ` of ${record.instance}`
      return { subject: 'load', text: `${whose} ${record.outcome}${problem === undefined ? '' : `: ${problem}`}` }
    }
    case 'fault-step':
      return faultWords(`fault ${record.fault}`, record.step)
    case 'action-step':
      return actionWords(`action ${record.action}`, record.step)
    case 'guardrail-tripped': {
      const measured = record.burn
        ? `burns its budget ${record.burn.factor.toFixed(1)} times too fast`
        : `at ${showMeasuredPercent(record.measured)}`
      return { subject: `guardrail ${record.id}`, text: ` tripped: ${record.sli} ${measured}`, look: 'bad' }
    }
    case 'stop-requested':
      return { subject: 'stopping', text: `: ${record.reason}` }
    case 'evidence-lost':
      return { subject: 'evidence lost', text: `: ${record.about}: ${record.problem}`, look: 'warn' }
    case 'evidence-doubted':
      return { subject: 'evidence in doubt', text: `: ${record.problem}`, look: 'bad' }
    case 'book-read':
      return record.final ? bookWords(record) : undefined
    case 'residue':
      if (record.items.length === 0) return undefined
      return { subject: 'residue', text: `: ${record.items.map((each) => each.what).join('; ')}`, look: 'bad' }
    case 'note':
      return { subject: speaker(record), text: ` ${noteWords[record.is]}${about(record)}: ${record.text}` }
    case 'decision':
      return decisionWords(record)
    case 'undo-done':
      // During the run, the steps of the fault or action say it.
      return record.by === 'heal'
        ? { subject: 'heal', text: `: ${record.id} ${undoWords[record.outcome]}`, look: 'good' }
        : undefined
    case 'run-ended':
      return record.healed
        ? { subject: 'run', text: ' over, healed', look: 'good' }
        : { subject: 'run', text: ' over, not everything was undone', look: 'bad' }
    default:
      return undefined
  }
}

export const speaker = ({ by, role }: { readonly by: string; readonly role?: string }): string =>
  role === undefined ? by : `${by} (${role})`

const undoWords: Readonly<Record<EvidenceOf<'undo-done'>['outcome'], string>> = {
  undone: 'undone',
  'already-gone': 'already gone',
  kept: 'kept',
  completed: 'completed, because there was no way back',
}

const noteWords: Readonly<Record<EvidenceOf<'note'>['is'], string>> = {
  note: 'notes',
  declared: 'declares an incident',
  mitigated: 'reports a mitigation',
  step: 'has done',
  'follow-up': 'asks for a follow-up',
}

const about = ({ about: name }: { readonly about?: string }): string => (name === undefined ? '' : ` for ${name}`)

function decisionWords(decision: EvidenceOf<'decision'>): EventWords {
  const reason = decision.reason === undefined ? '' : `: ${decision.reason}`
  const look = decision.what === 'go' ? 'good' : 'warn'
  return { subject: speaker(decision), text: ` decides ${decision.what}${about(decision)}${reason}`, look }
}

const bookWords = ({ book, settled, pending }: EvidenceOf<'book-read'>): EventWords => ({
  subject: `book ${book}`,
  text: settled ? ' settled' : ` not settled: ${pendingWords(pending)}`,
  ...(settled ? {} : { look: 'warn' as const }),
})

const pendingWords = (pending: Readonly<Record<string, number>>): string =>
  Object.entries(pending)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ') || 'it says so itself'

function faultWords(subject: string, step: EvidenceOf<'fault-step'>['step']): EventWords | undefined {
  switch (step.is) {
    case 'admitted':
      // `pods` are those that it may hit. The note counts the most that it can hit.
      return { subject, text: `: admitted, ${step.note}` }
    case 'refused':
      return { subject, text: ` refused: ${step.problem}`, look: 'bad' }
    case 'created':
      return { subject, text: `: created ${step.namespace}/${step.name}` }
    case 'injected':
      return { subject, text: `: injected at ${step.pods.length} pods`, look: 'bad' }
    case 'failed':
    case 'heal-failed':
      return { subject, text: `: ${step.problem}`, look: 'bad' }
    case 'coverage':
      return step.escaped.length > 0
        ? { subject, text: `: escaped ${step.escaped.join(', ')}`, look: 'warn' }
        : undefined
    case 'gate-opened':
      return { subject, text: `: gate open, the ${step.by} decides go or no-go`, look: 'warn' }
    case 'gate-closed':
      return { subject, ...gateWords(step.answer, step.who) }
    case 'armed':
    case 'triggered':
    case 'trigger-missed':
      return { subject, ...triggerWords(step) }
    case 'heal-requested':
      return { subject, text: ': healing' }
    case 'healed':
      return { subject, text: ': healed', look: 'good' }
  }
}

function gateWords(answer: GateAnswer, who = 'somebody'): Omit<EventWords, 'subject'> {
  if (answer === 'go') return { text: `: go by ${who}`, look: 'good' }
  return {
    text: answer === 'none' ? ': not performed, no answer at its gate' : `: not performed, no-go by ${who}`,
    look: 'warn',
  }
}

function triggerWords({ is, note }: TriggerStep): Omit<EventWords, 'subject'> {
  switch (is) {
    case 'armed':
      return { text: `: armed; ${note}` }
    case 'triggered':
      return { text: `: triggered, ${note}`, look: 'warn' }
    case 'trigger-missed':
      return { text: `: not performed, its trigger did not come; ${note}`, look: 'warn' }
  }
}

const stepLooks = { promote: 'good', hold: 'warn', 'roll-back': 'bad' } as const
// Words for the steps of a canary and for the windows of a shadow release, which promote nothing.
const stepWords = { promote: 'passed', hold: 'needs more time', 'roll-back': 'failed' } as const

const restoreWords: { readonly [K in RestoreStep]: string } = {
  'backed-up': 'backed up',
  'point-asked': 'asked for the point',
  'point-set': 'the point is set',
  archived: 'archived',
  'copy-asked': 'asked for the copy',
  'copy-ready': 'the copy is ready',
}

function actionWords(subject: string, step: EvidenceOf<'action-step'>['step']): EventWords {
  switch (step.is) {
    case 'admitted':
      return { subject, text: `: admitted, ${step.targets.join(', ')}: ${step.note}` }
    case 'refused':
      return { subject, text: ` refused: ${step.problem}`, look: 'bad' }
    case 'begun':
      return { subject, text: ': begun', look: 'bad' }
    case 'evicted':
      return { subject, text: `: evicted ${step.pod} from ${step.node}` }
    case 'eviction-refused':
      return { subject, text: `: ${step.pod} stays for now: ${step.problem}`, look: 'warn' }
    case 'previewed': {
      const { request, good, asked, problem } = step
      const why = problem === undefined ? '' : `: ${problem}`
      return {
        subject,
        text: `: ${good} of ${asked} answers to ${request} were good on its preview route${why}`,
        look: problem === undefined ? 'good' : 'bad',
      }
    }
    case 'preview-decided':
      return {
        subject,
        text: `: its preview ${step.outcome === 'promote' ? 'is proven' : 'failed'}, its pods counted ${step.counted} requests`,
        look: stepLooks[step.outcome],
      }
    case 'cohorts-visited': {
      const { canary, stable } = step
      const wrong = canary.stable + stable.canary
      const text = `: ${wrong} of ${canary.canary + canary.stable + stable.canary + stable.stable} visits were answered by the release of the other cohort`
      return { subject, text, ...(wrong > 0 ? { look: 'bad' } : {}) }
    }
    case 'answers-compared': {
      const { request, compared, different } = step
      const text = `: compared ${compared} pairs of answers to ${request}, ${different.length} fields differed`
      return { subject, text, ...(different.some(({ noise }) => noise === 0) ? { look: 'bad' } : {}) }
    }
    case 'books-counted':
      return {
        subject,
        text: step.problem === undefined ? ': counted the books' : `: no count of the books, ${step.problem}`,
      }
    case 'config-written': {
      const [was, now] = [step.was, step.now].map((digest) => digest.slice(0, 12))
      return {
        subject,
        text: `: ConfigMap ${step.configMap} written, its content was sha256:${was}… and is sha256:${now}…`,
      }
    }
    case 'migration-begun':
      return { subject, text: `: migration ${step.migration} begins (Job ${step.job})` }
    case 'migration-done':
      return { subject, text: `: migration ${step.migration} is complete` }
    case 'step-set':
      return { subject, text: `: step ${step.step}, ${showPercent(step.share)} of the requests` }
    case 'step-decided':
      return {
        subject,
        text: `: step ${step.step} ${stepWords[step.outcome]}: ${step.note}`,
        look: stepLooks[step.outcome],
      }
    case 'restore-step':
      return { subject, text: `: ${restoreWords[step.step]}, ${step.note}` }
    case 'copy-failed':
      return { subject, text: `: no copy, ${step.problem}`, look: 'bad' }
    case 'copy-read':
      return { subject, text: `: read book ${step.book} of the copy and of the live database` }
    case 'cutover-begun':
      return { subject, text: `: ${cutoverStepWords[step.step]} begins` }
    case 'cutover-share':
      return { subject, text: `: ${showPercent(step.share)} of the requests go to the new region` }
    case 'cutover-proven':
      return { subject, text: `: ${cutoverStepWords[step.step]} is proven`, look: 'good' }
    case 'cutover-stopped': {
      const ends = step.ends === 'back' ? 'it is taken back' : 'it is completed, because there is no way back'
      return { subject, text: `: ${cutoverStepWords[step.step]} failed, ${ends}: ${step.problem}`, look: 'bad' }
    }
    case 'regions-read': {
      const both = step.from === 'yes' && step.to === 'yes'
      const text = `: after the ${cutoverStepWords[step.step]}, the old region accepts writes: ${step.from}, the new one: ${step.to}`
      return { subject, text, ...(both ? { look: 'bad' } : {}) }
    }
    case 'region-book':
      return { subject, text: `: read book ${step.book} of the ${step.region === 'new' ? 'new' : 'old'} region` }
    case 'region-book-unread': {
      const text = `: could not read the book of the ${step.region === 'new' ? 'new' : 'old'} region, ${step.problem}`
      return { subject, text, look: 'bad' }
    }
    case 'done':
      return { subject, text: `: done, ${step.note}` }
    case 'kept':
      return { subject, text: ': kept, needs no undo' }
    case 'armed':
    case 'triggered':
    case 'trigger-missed':
      return { subject, ...triggerWords(step) }
    case 'failed':
    case 'heal-failed':
      return { subject, text: `: ${step.problem}`, look: 'bad' }
    case 'heal-requested':
      return { subject, text: ': healing' }
    case 'healed':
      return { subject, text: ': healed', look: 'good' }
  }
}
