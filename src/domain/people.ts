/** What people wrote and decided during a run: evidence like everything else. */
import type { SourcePoint } from './issue.ts'
import type { Instant, Millis } from './units.ts'

export const noteKinds = ['note', 'declared', 'mitigated', 'step', 'follow-up'] as const
/**
 * `declared`: an incident was declared. `mitigated`: people took countermeasures. `step`: a step of the runbook was done; the text is the step.
 * `follow-up`: work that remains after the run.
 */
export type NoteKind = (typeof noteKinds)[number]

export const decisionKinds = ['go', 'no-go', 'stop'] as const
export type DecisionKind = (typeof decisionKinds)[number]

export const roles = ['owner', 'coordinator', 'reporter', 'observer'] as const
export type Role = (typeof roles)[number]

/** What people agreed on before the run. Names are as written in the file. */
export type GameDay = {
  readonly briefing?: string
  /** How long the people have set aside, from the start of the load. */
  readonly timeboxMs?: Millis
  readonly roles: readonly { readonly role: Role; readonly name: string }[]
  /** What must be true before the run begins. */
  readonly checklist: readonly string[]
}

/** What people must do about a fault or an action, in time. Measured from their notes. */
export type PeopleReaction =
  | { readonly kind: 'declares'; readonly withinMs: Millis; readonly at: SourcePoint }
  | { readonly kind: 'mitigates'; readonly withinMs: Millis; readonly at: SourcePoint }
  | { readonly kind: 'ticks'; readonly step: string; readonly withinMs: Millis; readonly at: SourcePoint }

/** How a step of the runbook is compared: case, and blanks in a row, make no difference. */
export const stepKey = (text: string): string => text.trim().replace(/\s+/g, ' ').toLowerCase()

/** Who must say `go` before a fault. The gate opens this long before the fault's planned time, and closes at that time: the load does not wait. */
export type GateSpec = { readonly by: Role; readonly opensMs: Millis }

/** How a gate was answered. `none`: nobody answered in time. */
export type GateAnswer = 'go' | 'no-go' | 'none'

/** Who spoke, from where, and what they had seen. */
export type Spoken = {
  /** The name that the person gave. It is not verified: whoever holds the page's token can give any name. */
  readonly by: string
  readonly role?: string
  readonly via: 'page' | 'terminal'
  /** The last journal line that was on the screen. Undefined where nothing was shown. */
  readonly seen?: number
}

export type Note = Spoken & {
  readonly kind: 'note'
  readonly at: Instant
  readonly is: NoteKind
  /** The fault or action that it is about. Without one it is about every one that had begun. */
  readonly about?: string
  readonly text: string
}

export type Decision = Spoken & {
  readonly kind: 'decision'
  readonly at: Instant
  readonly what: DecisionKind
  /** The fault that it is about. */
  readonly about?: string
  readonly reason?: string
}
