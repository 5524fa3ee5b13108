import { readFileSync } from 'node:fs'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const TIERS_WITH_LABS = ['lab', 'long', 'alone', 'crash', 'canary']
// As long as all files of the platform together, in the tier of each.
const LONGEST = ['lab/lab.lab', 'actions.crash']
// More than a minute each: at the end one of them would run when nothing is left to run beside it.
const LONG = ['promo-peak.lab']
// Slow for their size, because they wait. Without times of an earlier run, as after `npm ci`, vitest begins with the largest files. These would come
// last, and run when nothing is left to run beside them.
const WAITING = [
  'strange-servers.heal',
  'strange-servers.plan',
  'strange-servers.check',
  'webhook.process',
  'runners.process',
]

/**
 * Two files run at a time. Those of the platform come first and share its one lab, one after the other, while the longest of the others runs
 * beside them; then those that need no lab or boot their own, and last those of the empty lab. What runs without labs keeps vitest's own order, but for files that wait.
 */
export class LabOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const hasLabs = (file: TestSpecification) => TIERS_WITH_LABS.includes(file.project.name)
    const others = await super.sort(files.filter((file) => !hasLabs(file)))
    const waits = ({ moduleId }: TestSpecification) => WAITING.some((name) => is(moduleId, name))
    return [
      ...others.filter(waits),
      ...others.filter((file) => !waits(file)),
      ...besideTheLongest(files.filter(hasLabs).toSorted(byKindOfLab)),
    ]
  }
}

function besideTheLongest(sorted: readonly TestSpecification[]): readonly TestSpecification[] {
  const isLongest = ({ moduleId }: TestSpecification) => LONGEST.some((name) => is(moduleId, name))
  const [first, ...more] = sorted.filter((file) => !isLongest(file))
  return [...(first ? [first] : []), ...sorted.filter(isLongest), ...more]
}

const byKindOfLab = ({ moduleId: one }: TestSpecification, { moduleId: other }: TestSpecification): number =>
  rankOf(one) - rankOf(other) || one.localeCompare(other)

function rankOf(path: string): number {
  const text = readFileSync(path, 'utf8')
  if (text.includes('testLab(')) return 0
  if (text.includes('sharedBench(')) return 3
  return LONG.some((name) => is(path, name)) ? 1 : 2
}

const is = (path: string, name: string): boolean => path.endsWith(`${name}.test.ts`)
