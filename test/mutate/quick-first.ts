import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Milliseconds of each test file without a mutant. */
export type Durations = Readonly<Record<string, number>>

/** Quick files first: most mutants are killed by one of them, and the run ends with the first failure. */
export class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const path = process.env.MATCHDAY_DURATIONS
    if (path === undefined) return super.sort(files)
    const durations = JSON.parse(readFileSync(path, 'utf8')) as Durations
    const msOf = ({ moduleId }: TestSpecification): number => durations[relative('.', moduleId)] ?? 0
    return [...files].sort((a, b) => msOf(a) - msOf(b))
  }
}
