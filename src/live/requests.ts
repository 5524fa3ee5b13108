/** What people may ask of a run, parsed where it arrives: from a browser and from the control socket. */
import { type Decision, decisionKinds, type Note, noteKinds } from '../domain/people.ts'
import { amount, faultText, type JournalShape, noFault, type Of, object, oneOf, text } from '../journal/format/shape.ts'

export type Request = Omit<Note, 'at'> | Omit<Decision, 'at'>

const spoken = { by: text, via: oneOf('page', 'terminal') }
const maybe = { role: text, seen: amount }
const note = object({ ...spoken, kind: oneOf('note'), is: oneOf(...noteKinds), text }, { ...maybe, about: text })
const decision = object(
  { ...spoken, kind: oneOf('decision'), what: oneOf(...decisionKinds) },
  { ...maybe, about: text, reason: text },
)

export type Asked = { readonly ok: true; readonly request: Request } | { readonly ok: false; readonly problem: string }

/** Characters. A note is a few sentences; a log belongs into a file. */
const LONGEST = { by: 60, role: 60, about: 200, reason: 500, text: 2000 } as const

export function parseRequest(value: unknown): Asked {
  const fault = noFault()
  const isNote = typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'note'
  const shape: JournalShape<Of<typeof note> | Of<typeof decision>> = isNote ? note : decision
  if (!shape(value, fault)) return { ok: false, problem: faultText(fault) }
  return fitting(value.kind === 'note' ? noteOf(value) : decisionOf(value))
}

/** Only the fields that a record has: nothing else that a browser sends may reach the journal. */
const noteOf = ({ kind, by, via, is, text, role, seen, about }: Of<typeof note>): Request => ({
  kind,
  by: by.trim(),
  via,
  is,
  text: text.trim(),
  ...optional({ role, seen, about }),
})
const decisionOf = ({ kind, by, via, what, role, seen, about, reason }: Of<typeof decision>): Request => ({
  kind,
  by: by.trim(),
  via,
  what,
  ...optional({ role, seen, about, reason }),
})

/** Without the fields that were not given. */
const optional = <T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

function fitting(request: Request): Asked {
  for (const [name, most] of Object.entries(LONGEST)) {
    const value: unknown = request[name as keyof Request]
    if (typeof value === 'string' && value.length > most)
      return { ok: false, problem: `${name} has ${value.length} characters; at most ${most} are taken` }
  }
  if (request.by === '') return { ok: false, problem: 'by is empty: a note has an author' }
  if (request.kind === 'note' && request.text === '') return { ok: false, problem: 'text is empty' }
  return { ok: true, request }
}
