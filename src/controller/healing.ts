/**
 * Heal before hurt: an undo is on disk before its harm is done, is undone in reverse order, and has a time budget of its own,
 * whatever else has run out. Also heals what a dead run left, from labels on the cluster.
 */
import type { Undo } from '../domain/evidence.ts'
import type { Target } from '../domain/rehearsal.ts'
import { seconds } from '../domain/units.ts'
import type { FaultInjector } from './ports.ts'
import { problemOf } from './problem.ts'
import type { Recorder } from './recorder.ts'

/** Time for one undo. Chaos Mesh recovers in a fraction of a second; a minute leaves room for a busy cluster. */
const UNDO_BUDGET = seconds(60)

export type Healing = {
  /** Writes the undo down and flushes; only then may the harm be done. Returns the undo's id. */
  prepare(undo: Undo): Promise<string>
  /** Undoes one; safe to call twice. Throws when the harm is still there. */
  heal(id: string): Promise<void>
  /** Undoes all that is left, newest first; returns the problems instead of throwing, so that one failure stops no other undo. */
  healAll(): Promise<readonly string[]>
}

export function healing(recorder: Recorder, faults: FaultInjector): Healing {
  const open = new Map<string, Undo>()
  const running = new Map<string, Promise<void>>()
  const healOnce = async (id: string, undo: Undo) => {
    const outcome = await faults.undo(undo, UNDO_BUDGET)
    open.delete(id)
    recorder.record({ kind: 'undo-done', id, by: 'run', outcome })
  }
  const heal = (id: string): Promise<void> => {
    const undo = open.get(id)
    if (undo === undefined) return Promise.resolve()
    const already = running.get(id)
    if (already) return already
    const attempt = healOnce(id, undo).finally(() => running.delete(id))
    running.set(id, attempt)
    return attempt
  }
  return {
    prepare: async (undo) => {
      const id = undoId(undo)
      open.set(id, undo)
      recorder.record({ kind: 'undo-written', id, undo })
      await recorder.flush()
      return id
    },
    heal,
    healAll: async () => {
      const problems: string[] = []
      for (const id of [...open.keys()].reverse()) {
        await heal(id).catch((error: unknown) => problems.push(`${id}: ${problemOf(error)}`))
      }
      return problems
    },
  }
}

export function undoId(undo: Undo): string {
  switch (undo.does) {
    case 'delete-object':
      return `${undo.plural}/${undo.namespace}/${undo.name}`
    case 'remove-taint':
      return `taint/${undo.node}/${undo.key}:${undo.effect}`
    case 'restore-field':
      return `field${undo.path}#${undo.field.join('.')}`
  }
}

export type HealReport = {
  readonly healed: readonly { readonly id: string; readonly run: string; readonly outcome: 'undone' | 'already-gone' }[]
  readonly problems: readonly string[]
}

/** Undoes everything of dead runs: `undos` from their journals (newest first), then whatever the cluster still shows by label. */
export async function healLeftovers(
  faults: FaultInjector,
  target: Target,
  undos: readonly { readonly undo: Undo; readonly run: string }[],
): Promise<HealReport> {
  const healed: HealReport['healed'][number][] = []
  const problems: string[] = []
  const undoOne = async ({ undo, run }: { undo: Undo; run: string }) => {
    try {
      healed.push({ id: undoId(undo), run, outcome: await faults.undo(undo, UNDO_BUDGET) })
    } catch (error) {
      problems.push(`${undoId(undo)}: ${problemOf(error)}`)
    }
  }
  for (const each of undos) await undoOne(each)
  for (const each of await faults.leftovers(target)) await undoOne(each)
  return { healed, problems }
}
