/** The progress line of one record; undefined for records that only the journal needs. */
import type { Evidence } from '../domain/evidence.ts'
import { onStderr, type TerminalText, term } from './terminal.ts'

export function eventText(record: Evidence): TerminalText | undefined {
  switch (record.kind) {
    case 'phase-started':
      return term`${onStderr('bold', record.phase)} begins`
    case 'load-started':
      return term`load runs (k6, pid ${record.pid})`
    case 'load-ended':
      return term`load ${record.outcome}${record.problems.length > 0 ? `: ${record.problems[0]}` : ''}`
    case 'fault-step':
      return faultText(record.fault, record.step)
    case 'action-step':
      return actionText(record.action, record.step)
    case 'guardrail-tripped': {
      const speed = record.burn && `burns its budget ${record.burn.factor.toFixed(1)} times too fast`
      return onStderr(
        'red',
        `guardrail ${record.id} tripped: ${record.sli} ${speed ?? `at ${percent(record.measured)}`}`,
      )
    }
    case 'stop-requested':
      return term`stopping: ${record.reason}`
    case 'evidence-lost':
      return onStderr('yellow', `evidence lost: ${record.about}: ${record.problem}`)
    case 'book-read':
      return record.final
        ? term`book ${record.book} ${record.settled ? 'settled' : `not settled: ${pendingText(record.pending)}`}`
        : undefined
    case 'residue':
      return record.items.length > 0
        ? onStderr('red', `residue: ${record.items.map((each) => each.what).join('; ')}`)
        : undefined
    default:
      return undefined
  }
}

const pendingText = (pending: Readonly<Record<string, number>>): string =>
  Object.entries(pending)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ') || 'it says so itself'

function faultText(fault: string, step: Extract<Evidence, { kind: 'fault-step' }>['step']): TerminalText | undefined {
  const name = onStderr('bold', `fault ${fault}`)
  switch (step.is) {
    case 'admitted':
      // `pods` are those that it may hit. The note counts the most that it can hit.
      return term`${name}: admitted, ${step.note}`
    case 'refused':
      return onStderr('red', `fault ${fault} refused: ${step.problem}`)
    case 'created':
      return term`${name}: created ${step.namespace}/${step.name}`
    case 'injected':
      return term`${name}: ${onStderr('red', 'injected')} at ${step.pods.length} pods`
    case 'failed':
    case 'heal-failed':
      return onStderr('red', `fault ${fault}: ${step.problem}`)
    case 'coverage':
      return step.escaped.length > 0
        ? onStderr('yellow', `fault ${fault}: escaped ${step.escaped.join(', ')}`)
        : undefined
    case 'heal-requested':
      return term`${name}: healing`
    case 'healed':
      return term`${name}: ${onStderr('green', 'healed')}`
  }
}

function actionText(
  action: string,
  step: Extract<Evidence, { kind: 'action-step' }>['step'],
): TerminalText | undefined {
  const name = onStderr('bold', `action ${action}`)
  switch (step.is) {
    case 'admitted':
      return term`${name}: admitted, ${step.targets.join(', ')}: ${step.note}`
    case 'refused':
      return onStderr('red', `action ${action} refused: ${step.problem}`)
    case 'begun':
      return term`${name}: ${onStderr('red', 'begun')}`
    case 'evicted':
      return term`${name}: evicted ${step.pod} from ${step.node}`
    case 'eviction-refused':
      return onStderr('yellow', `action ${action}: ${step.pod} stays for now: ${step.problem}`)
    case 'done':
      return term`${name}: done, ${step.note}`
    case 'kept':
      return term`${name}: stays as it is`
    case 'failed':
    case 'heal-failed':
      return onStderr('red', `action ${action}: ${step.problem}`)
    case 'heal-requested':
      return term`${name}: healing`
    case 'healed':
      return term`${name}: ${onStderr('green', 'healed')}`
  }
}

export const percent = (share: number): string => `${(share * 100).toFixed(2)} %`
