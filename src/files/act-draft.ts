/** An action of a file between its key and its place in the domain, so that a kind of action may stand in a file of its own. */
import type { Act } from '../domain/action.ts'
import type { SourcePoint } from '../domain/issue.ts'
import type { Report } from './report.ts'
import type { Placed } from './shape.ts'

/** What an action is once its key was read. */
export type ActDraft = {
  readonly at: SourcePoint
  readonly act: Act
  /** The primary of a database may stand on what it takes. */
  readonly mayMoveDatabase?: true
  /** It must be complete in `done` while it lasts, and be taken back in `undone` after its end. */
  readonly times?: { readonly done: ActTime; readonly undone: ActTime }
  /** What its own parts must fulfil together. */
  readonly check?: (action: ActionName, report: Report) => void
}
type ActTime = { readonly what: string; readonly within: Placed<number> }
export type ActionName = { readonly at: SourcePoint; readonly name: string; readonly lastsMs?: number }
