/** What Grafana shows above the charts: regions for phases, faults and actions, and a moment for a guardrail. Each is posted when it is over. */
import type { Evidence, RunStarted } from '../domain/evidence.ts'
import { escapeHtml } from '../report/escape/html.ts'

export type Annotation = {
  /** A stable id: the same whenever this annotation is made again. */
  readonly id: string
  readonly line: number
  readonly fromMs: number
  /** Equal to `fromMs` for a moment. */
  readonly toMs: number
  readonly tags: readonly string[]
  /** HTML, as Grafana shows it. */
  readonly text: string
}

export type Annotating = { annotations(record: Evidence, line: number): readonly Annotation[] }

type What = 'phase' | 'fault' | 'action' | 'guardrail'
type Open = { readonly what: What; readonly name: string; readonly fromMs: number }

export function createAnnotating(): Annotating {
  let head: RunStarted | undefined
  const open = new Map<string, Open>()
  const begin = (what: What, name: string, fromMs: number) => void open.set(`${what} ${name}`, { what, name, fromMs })
  const made = ({ what, name, fromMs }: Open, line: number, toMs: number, note = ''): readonly Annotation[] =>
    head === undefined ? [] : [annotationOf(head, what, name, fromMs, toMs, line, note)]
  const close = (key: string, line: number, toMs: number, note = ''): readonly Annotation[] => {
    const found = open.get(key)
    open.delete(key)
    return found === undefined ? [] : made(found, line, toMs, note)
  }
  const closeAll = (isMeant: (each: Open) => boolean, line: number, toMs: number, note = '') =>
    [...open].flatMap(([key, each]) => (isMeant(each) ? close(key, line, toMs, note) : []))

  return {
    annotations(record, line) {
      const { at } = record
      switch (record.kind) {
        case 'run-started':
          head ??= record
          return []
        case 'phase-started': {
          const before = closeAll(({ what }) => what === 'phase', line, at)
          begin('phase', record.phase, at)
          return before
        }
        case 'load-ended':
          return closeAll(({ what }) => what === 'phase', line, at)
        case 'fault-step':
          if (record.step.is === 'injected') begin('fault', record.fault, at)
          return record.step.is === 'healed' ? close(`fault ${record.fault}`, line, at) : []
        case 'action-step':
          if (record.step.is === 'begun') begin('action', record.action, at)
          return record.step.is === 'healed' || record.step.is === 'kept'
            ? close(`action ${record.action}`, line, at)
            : []
        case 'guardrail-tripped':
          return made({ what: 'guardrail', name: record.id, fromMs: at }, line, at, 'stopped the run')
        case 'run-ended':
          return closeAll(() => true, line, at, 'not healed when the run ended')
        default:
          return []
      }
    },
  }
}

function annotationOf(
  { run, rehearsal }: RunStarted,
  what: What,
  name: string,
  fromMs: number,
  toMs: number,
  line: number,
  note: string,
): Annotation {
  const id = `${run}/${line}/${what}/${name}`
  const told = `${rehearsal.name}: ${what} ${name}${note === '' ? '' : `, ${note}`}`
  return {
    id,
    line,
    fromMs,
    toMs,
    tags: ['matchday', `matchday-${what}`, `rehearsal:${rehearsal.name}`, `run:${run}`, `id:${id}`],
    text: escapeHtml(told),
  }
}
