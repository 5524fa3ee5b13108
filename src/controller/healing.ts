/**
 * Heal before hurt: an undo is on disk before its harm starts. Undos run in reverse order, with a time budget of their own that does not depend on
 * the rest of the run. Also heals what a dead run left, found by labels on the cluster.
 */
import type { Undo, UndoDone, UndoOutcome } from '../domain/evidence.ts'
import type { Target } from '../domain/rehearsal.ts'
import { type Millis, seconds } from '../domain/units.ts'
import { messageOf } from '../domain/unknown.ts'
import type { ClusterActions, Undoer } from './ports.ts'
import type { Recorder } from './recorder.ts'

/** Time for one undo. Chaos Mesh recovers in a fraction of a second; a minute leaves room for a busy cluster. */
const UNDO_BUDGET = seconds(60)
/** Booting a node, or replacing pods one after the other, takes longer than deleting an object. */
const SETTLE_BUDGET = seconds(180)
/**
 * An undo that failed is tried once more when the run ends. If it used its whole budget the first time, the second try is shorter. So a run on a dead
 * cluster ends within two minutes of its healing, or four if pods have to settle.
 */
const SECOND_BUDGET = seconds(15)

export type Healing = {
  /** Writes the undo and flushes it to disk; only then may the harm start. Returns the undo's id. */
  prepare(undo: Undo): Promise<string>
  /** Undoes these. Safe to call twice. Throws if some harm is still there. */
  healMany(ids: readonly string[]): Promise<void>
  /** The change stays: its undo is no longer outstanding. */
  keep(id: string): Promise<void>
  /** Undoes everything that is left. Returns problems instead of throwing, so that one failure does not stop the other undos. */
  healAll(): Promise<readonly string[]>
}

export function createHealing(recorder: Recorder, undoer: Undoer, keeper: Pick<ClusterActions, 'keep'>): Healing {
  const open = new Map<string, Undo>()
  const running = new Map<string, Promise<void>>()
  const failed = new Set<string>()
  const close = (id: string, outcome: UndoDone['outcome']) => {
    open.delete(id)
    recorder.record({ kind: 'undo-done', id, by: 'run', outcome })
  }
  const heal = (id: string): Promise<void> => {
    const undo = open.get(id)
    if (undo === undefined) return Promise.resolve()
    const already = running.get(id)
    if (already) return already
    const attempt = undoer
      .undo(undo, failed.has(id) ? SECOND_BUDGET : budgetOf(undo))
      .then(
        (outcome) => close(id, outcome),
        (error: unknown) => {
          failed.add(id)
          throw error
        },
      )
      .finally(() => running.delete(id))
    running.set(id, attempt)
    return attempt
  }
  const problemsOf = async (ids: readonly string[]): Promise<readonly string[]> => {
    const owed = ids.flatMap((id) => {
      const undo = open.get(id)
      return undo === undefined ? [] : [{ id, undo }]
    })
    return (await inReverse(owed, ({ id }) => heal(id))).map(({ of, error }) => `${of.id}: ${messageOf(error)}`)
  }
  return {
    prepare: async (undo) => {
      const id = undoId(undo)
      open.set(id, undo)
      recorder.record({ kind: 'undo-written', id, undo })
      await recorder.flush()
      return id
    },
    healMany: async (ids) => {
      const problems = await problemsOf(ids)
      if (problems.length > 0) throw new Error(problems.join('; '))
    },
    keep: async (id) => {
      const undo = open.get(id)
      if (undo === undefined) return
      await keeper.keep(undo, UNDO_BUDGET)
      close(id, 'kept')
    },
    healAll: () => problemsOf([...open.keys()]),
  }
}

/**
 * Weights, mirrors and cutovers get the long time too: until weights and mirrors are back, requests are sent to pods that the next undo takes away.
 */
const budgetOf = (undo: Undo): Millis =>
  isOfRoute(undo) || undo.does === 'end-cutover' || ('settled' in undo && undo.settled !== undefined)
    ? SETTLE_BUDGET
    : UNDO_BUDGET

type Owed = { readonly undo: Undo }
type Failed<T> = { readonly of: T; readonly error: unknown }

/**
 * For each object, the newest harm is undone first. Weights and mirrors of routes are restored before anything else, so that no request is sent to pods that
 * another undo removes. Values of ConfigMaps too, because pods that another undo starts read them. If weights cannot be restored, the undos of the workload that
 * serves them are not tried, because its pods still get requests.
 * `stillWrong`: undos that failed before and are not in this list. Undos of different objects run in parallel, so that healing takes as long as the
 * slowest one and not as the sum. Returns the problems.
 */
async function inReverse<T extends Owed>(
  oldestFirst: readonly T[],
  work: (item: T) => Promise<void>,
  stillWrong: readonly Undo[] = [],
): Promise<readonly Failed<T>[]> {
  const failed: Failed<T>[] = []
  const undoAll = (items: readonly T[]) =>
    Promise.all(
      [...Map.groupBy(items, ({ undo }) => objectOf(undo)).values()].map(async (of) => {
        for (const item of of.toReversed()) await work(item).catch((error: unknown) => failed.push({ of: item, error }))
      }),
    )
  const isFirst = ({ undo }: T) => isOfRoute(undo) || undo.does === 'restore-values'
  await undoAll(oldestFirst.filter(isFirst))
  const serving = servedBy([...stillWrong, ...failed.map(({ of }) => of.undo)])
  const others = oldestFirst.filter((item) => !isFirst(item))
  const waits = ({ undo }: T) => serving.has(objectOf(undo))
  await undoAll(others.filter((item) => !waits(item)))
  for (const of of others.filter(waits)) failed.push({ of, error: new Error(STILL_SERVES) })
  return failed
}

const isOfRoute = ({ does }: Undo): boolean => does === 'restore-weights' || does === 'remove-mirror'

const STILL_SERVES = 'not tried, because its pods may still get requests: restore the weights of the route first'

const servedBy = (undos: readonly Undo[]): ReadonlySet<string> =>
  new Set(undos.flatMap((undo) => (undo.does === 'restore-weights' && undo.serves !== undefined ? [undo.serves] : [])))

function objectOf(undo: Undo): string {
  switch (undo.does) {
    case 'delete-object':
    case 'delete-copy':
      return `${undo.plural}/${undo.namespace}/${undo.name}`
    case 'end-cutover':
      return `cutover/${undo.namespace}/${undo.name}`
    case 'remove-taint':
      return `/api/v1/nodes/${undo.node}`
    case 'restore-field':
    case 'restore-template':
    case 'restore-values':
    case 'restore-weights':
    case 'remove-mirror':
      return undo.path
  }
}

export function undoId(undo: Undo): string {
  switch (undo.does) {
    case 'delete-object':
    case 'delete-copy':
    case 'end-cutover':
      return objectOf(undo)
    case 'remove-taint':
      return `taint/${undo.node}/${undo.key}:${undo.effect}`
    case 'restore-field':
      return `field${undo.path}#${undo.field.join('.')}`
    case 'restore-template':
      return `template${undo.path}`
    case 'restore-values':
      return `values${undo.path}`
    case 'restore-weights':
      return `weights${undo.path}`
    case 'remove-mirror':
      return `mirror${undo.path}`
  }
}

/** Each undo goes to the adapter that made the change. */
export function createUndoer({
  faults,
  actions,
  runners,
}: Readonly<Record<'faults' | 'actions' | 'runners', Undoer>>): Undoer {
  const all = [faults, actions, runners]
  const madeBy = (undo: Undo): Undoer => {
    if (undo.does !== 'delete-object') return actions
    return undo.apiVersion.startsWith(CHAOS_GROUP) ? faults : runners
  }
  return {
    undo: (undo, budgetMs) => madeBy(undo).undo(undo, budgetMs),
    leftovers: async (target) => (await Promise.all(all.map((each) => each.leftovers(target)))).flat(),
    residue: async (target) => (await Promise.all(all.map((each) => each.residue(target)))).flat(),
  }
}

const CHAOS_GROUP = 'chaos-mesh.org/'

export type HealReport = {
  readonly healed: readonly {
    readonly id: string
    readonly run: string
    readonly outcome: UndoOutcome
    readonly note?: string
  }[]
  readonly problems: readonly string[]
}

/** Undoes everything of dead runs: `undos` from their journals (newest first), then everything that is still marked on the cluster. */
export async function healLeftovers(
  undoer: Undoer,
  target: Target,
  undos: readonly { readonly undo: Undo; readonly run: string }[],
): Promise<HealReport> {
  const healed: HealReport['healed'][number][] = []
  const problems: string[] = []
  const undoThese = async (newestFirst: typeof undos, stillWrong: readonly Undo[]) => {
    const heal = async ({ undo, run }: (typeof undos)[number]) => {
      const outcome = await undoer.undo(undo, budgetOf(undo))
      healed.push({ id: undoId(undo), run, outcome, ...healedNote(undo, outcome) })
    }
    const failed = await inReverse(newestFirst.toReversed(), heal, stillWrong)
    problems.push(...failed.map(({ of, error }) => `${undoId(of.undo)}: ${messageOf(error)}`))
    return failed.map(({ of }) => of.undo)
  }
  const failed = await undoThese(undos, [])
  const left = await undoer.leftovers(target)
  const retried = new Set(left.map(({ undo }) => undoId(undo)))
  // A route that could not be read is not among those that are left, and still sends requests to the pods that are.
  await undoThese(
    left,
    failed.filter((undo) => !retried.has(undoId(undo))),
  )
  return { healed, problems }
}

/** Which region accepts writes after a cutover was ended. */
function healedNote(undo: Undo, outcome: UndoOutcome): { readonly note?: string } {
  if (undo.does !== 'end-cutover' || outcome === 'already-gone') return {}
  const { from, to } = undo
  return { note: `writes go to ${outcome === 'completed' ? to.name : from.name}, and to no other region` }
}
