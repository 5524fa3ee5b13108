/** From rows to runs: which are wanted, which were measured, and which share a run or at least a platform. Pure. */
import { basename } from 'node:path'
import type { Meanwhile } from './meanwhile.ts'
import type { Healthy, Seeded, Trial } from './outcome.ts'

/** A row of the page. */
export type Row = { readonly id: string } & (
  | { readonly seeded: Seeded; readonly healthy?: undefined }
  | { readonly healthy: Healthy; readonly seeded?: undefined }
)

/** One run: the rows that it measures, and the platform that it needs. */
export type Task = {
  readonly rows: readonly Row[]
  readonly rehearsal: string
  readonly overlays: readonly string[]
  readonly target?: string
  readonly meanwhile?: Meanwhile
}

/** Measurements by id of their row. */
export type Kept = Readonly<Record<string, Trial>>

/** Every defect once, every healthy run so many times, and more often where it was measured more often. */
export function rowsOf(
  defects: readonly Seeded[],
  healthy: readonly Healthy[],
  { times = 1, kept = {} }: { readonly times?: number; readonly kept?: Kept } = {},
): readonly Row[] {
  return [
    ...defects.map((seeded) => ({ id: seeded.defect, seeded })),
    ...healthy.flatMap((each) => {
      let measured = 0
      while (healthyId(each, measured) in kept) measured++
      const length = Math.max(times, measured)
      return Array.from({ length }, (_, n) => ({ id: healthyId(each, n), healthy: each }))
    }),
  ]
}

const healthyId = ({ name }: Healthy, n: number): string => `healthy: ${name}${n === 0 ? '' : ` (${n + 1})`}`

const specOf = (row: Row): Seeded | Healthy => row.seeded ?? row.healthy

/** By its id, by the name of its rehearsal, or by `defects` and `healthy`. */
export function isWanted(row: Row, words: readonly string[] | undefined): boolean {
  if (words === undefined) return true
  const { rehearsal } = specOf(row)
  const names = [row.id, rehearsal, basename(rehearsal, '.rehearsal.yaml'), row.seeded ? 'defects' : 'healthy']
  return words.some((word) => names.includes(word))
}

export type Age = { /** Whether a commit holds what a measurement must have seen. */ isRecent(commit: string): boolean }

/** A measurement counts if it was made by this rehearsal, and if it is recent. */
export function isMeasured(row: Row, kept: Kept, { isRecent }: Age): boolean {
  const trial = kept[row.id]
  return trial !== undefined && trial.rehearsal === specOf(row).rehearsal && isRecent(trial.commit ?? '')
}

/** Rows of one run together; runs of one platform and one rehearsal after each other, the healthy one first; risky ones last. */
export function tasksOf(rows: readonly Row[]): readonly Task[] {
  const runs = Map.groupBy(rows, (row) => {
    const together = row.seeded?.together
    return together === undefined ? row.id : `${row.seeded?.rehearsal} ${together}`
  })
  const tasks = [...runs.values()].map(taskOf)
  const rank = ({ rows: [first], meanwhile }: Task): number =>
    meanwhile === 'api-server-stopped' ? 2 : first?.healthy ? 0 : 1
  const key = (task: Task): string => `${rank(task) === 2 ? 1 : 0} ${platformOf(task)} ${task.rehearsal} ${rank(task)}`
  return tasks
    .map((task, index) => ({ task, index }))
    .sort((a, b) => (key(a.task) < key(b.task) ? -1 : key(a.task) > key(b.task) ? 1 : a.index - b.index))
    .map(({ task }) => task)
}

const platformOf = ({ rows: [first] }: Task): string => (first ? specOf(first).platform.join() : '')

function taskOf(rows: readonly Row[]): Task {
  const specs = rows.map(specOf)
  const own = rows.flatMap(({ seeded }) =>
    seeded === undefined || (seeded.meanwhile !== undefined && !seeded.component)
      ? []
      : [`test/canary/defects/${seeded.defect}`],
  )
  const meanwhile = specs.find((each) => each.meanwhile !== undefined)?.meanwhile
  return {
    rows,
    rehearsal: specs[0]?.rehearsal ?? '',
    overlays: [...(specs[0]?.platform ?? []), ...own],
    ...(specs[0]?.target === undefined ? {} : { target: specs[0].target }),
    ...(meanwhile === undefined ? {} : { meanwhile }),
  }
}
