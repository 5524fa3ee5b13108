/** Where the books are read at the end of a run: in the region that accepts writes then. */
import { asCutover } from '../domain/action.ts'
import type { Evidence } from '../domain/evidence.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'

export type MovedBooks = {
  see(record: Evidence): void
  /** The target with its books where they are now. */
  target(): Target
}

export function createMovedBooks({ actions }: Rehearsal, target: Target): MovedBooks {
  const moved = new Set<string>()
  const ends = new Map<string, string>()
  const planOf = (action: string) => asCutover(actions.find(({ name }) => name === action)?.act)?.plan
  const see = (record: Evidence): void => {
    switch (record.kind) {
      case 'action-step': {
        const plan = planOf(record.action)
        if (plan === undefined) return
        if (record.step.is === 'cutover-proven' && record.step.step === 'promote') moved.add(plan)
        return
      }
      case 'undo-written': {
        const { undo, id } = record
        if (undo.does === 'end-cutover') ends.set(id, undo.plan)
        return
      }
      case 'undo-done': {
        const plan = ends.get(record.id)
        if (plan === undefined) return
        if (record.outcome === 'completed') moved.add(plan)
        if (record.outcome === 'undone') moved.delete(plan)
        return
      }
      default:
        return
    }
  }
  return {
    see,
    target: () => {
      const books = [...moved].flatMap((plan) => target.cutovers?.[plan]?.book ?? [])
      if (books.length === 0) return target
      return {
        ...target,
        books: target.books.map((each) => ({ ...each, ...books.find(({ book }) => book === each.book) })),
      }
    },
  }
}
