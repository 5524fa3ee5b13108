import { readFileSync } from 'node:fs'
import { basename, relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import type { Order } from './trying.ts'

/** Milliseconds of each test file without a mutant. */
export type Durations = Readonly<Record<string, number>>

const read = <T>(path: string | undefined): T | undefined =>
  path === undefined ? undefined : (JSON.parse(readFileSync(path, 'utf8')) as T)

const nameOf = (path: string): string => basename(path).split('.')[0] ?? ''

/** Tests of the files that are tried, whole judgments on file, which kill most, and all others. */
function rankOf(path: string, tried: ReadonlySet<string>): number {
  if (tried.has(nameOf(path))) return 0
  return nameOf(path).startsWith('golden') ? 1 : 2
}

/** What kills most comes first, and quick files before slow ones: a mutant that is killed is tried no more. */
export class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const durations = read<Durations>(process.env.MATCHDAY_DURATIONS)
    if (durations === undefined) return super.sort(files)
    const order = read<Order>(process.env.MATCHDAY_SWITCHES)
    const tried = new Set(order?.tried.map((index) => nameOf(order.files[index] ?? '')))
    const keyed = files.map((file) => {
      const path = relative('.', file.moduleId)
      return { file, rank: rankOf(path, tried), ms: durations[path] ?? 0 }
    })
    return keyed.sort((a, b) => a.rank - b.rank || a.ms - b.ms).map(({ file }) => file)
  }
}
