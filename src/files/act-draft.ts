/** An action of a file after its key was read and before it is a domain value. This type lets each kind of action have its own file. */
import type { Act } from '../domain/action.ts'
import type { SourcePoint } from '../domain/issue.ts'
import type { Report } from './report.ts'
import type { Placed } from './shape.ts'

/** What an action is once its key was read. */
export type ActDraft = {
  readonly at: SourcePoint
  readonly act: Act
  /** It removes pods or nodes on which the primary of a database may run. */
  readonly mayMoveDatabase?: true
  /** It must complete within `done` of its start, and be rolled back within `undone` of its end. */
  readonly times?: { readonly done: ActTime; readonly undone: ActTime }
  /** Checks across its own fields. */
  readonly check?: (action: ActionName, report: Report) => void
}
type ActTime = { readonly what: string; readonly within: Placed<number> }
export type ActionName = { readonly at: SourcePoint; readonly name: string; readonly lastsMs?: number }
