/** Sessions of blocks as evidence: frames of block load generators with counts that the test chooses. */
import type { BlockPlan } from '../../src/domain/blocks.ts'
import type { CompareSession, CompareSettings } from '../../src/domain/comparison.ts'
import type { Evidence, SliCounts } from '../../src/domain/evidence.ts'
import { instant, ratio, seconds } from '../../src/domain/units.ts'
import { planBlock } from '../../src/plan/blocks.ts'
import { rehearsal, runStarted, ZERO } from './evidence.ts'

export const settings: CompareSettings = {
  settleMs: seconds(5),
  measuredMs: seconds(30),
  factor: 1,
  looks: [4, 6, 8, 10, 12, 16],
  alpha: ratio(0.05),
  worse: { latency: 0, rate: 0 },
  margin: { latency: 0.15, rate: 0.001 },
  margins: {},
}

export const session = (changes: Partial<CompareSession> = {}): CompareSession => ({
  kind: 'compare',
  a: { name: 'v1', entry: 'http://127.0.0.1:1' },
  b: { name: 'v2', entry: 'http://127.0.0.1:2' },
  duet: false,
  aa: false,
  settings,
  ...changes,
})

/** Per SLI: latencies of good responses as `[bound, count]`, and bad attempts, of each second. */
export type Second = Readonly<
  Record<string, { readonly histogram: readonly (readonly [number, number])[]; readonly bad?: number }>
>

export const blockPlan = (block: string, of: string, pair: number, from = settings): BlockPlan =>
  planBlock(rehearsal, runStarted().target, { block, of, pair, run: 'run-1', seed: 7, ...from, factor: 1 })

/** One block: a frame a second over settling and measuring, the machine half busy. */
export function blockRecords(
  plan: BlockPlan,
  startAt: number,
  second: (n: number) => Second,
  changes: { readonly hostBusy?: number; readonly dropped?: number; readonly outcome?: 'completed' | 'crashed' } = {},
): Evidence[] {
  const { block, load } = plan
  const length = (plan.settleMs + plan.measuredMs) / 1000
  const sums = new Map<string, { good: number; bad: number }>()
  const records: Evidence[] = [{ kind: 'block-started', at: instant(startAt + 50), ...plan, zeroAt: instant(startAt) }]
  for (let n = 1; n <= length; n++) {
    const at = instant(startAt + n * 1000)
    const slis: Record<string, SliCounts> = {}
    for (const [sli, { histogram, bad = 0 }] of Object.entries(second(n - 1))) {
      const before = sums.get(sli) ?? { good: 0, bad: 0 }
      const good = before.good + histogram.reduce((sum, [, count]) => sum + count, 0)
      sums.set(sli, { good, bad: before.bad + bad })
      slis[sli] = { good, bad: before.bad + bad, badBy: {}, slow: 0, overCeiling: 0, histogram }
    }
    const profiles = Object.fromEntries(
      load.profiles.map(({ name, stages }) => {
        const due = Math.floor(stages[0].from * n + 1e-6)
        const dropped = n === length ? (changes.dropped ?? 0) : 0
        return [name, { iterations: due - dropped, dropped }]
      }),
    )
    records.push(
      { kind: 'load-frame', at, instance: block, slis, profiles, operations: {}, unknownKeys: [], vus: 10 },
      {
        kind: 'generator-health',
        at,
        instance: block,
        cpuCores: 0.2,
        hostBusy: ratio(changes.hostBusy ?? 0.5),
        rssBytes: 1e8,
      },
    )
  }
  const outcome = changes.outcome ?? 'completed'
  const problems = outcome === 'crashed' ? ['k6 was killed by SIGKILL'] : []
  records.push({ kind: 'block-ended', at: instant(startAt + length * 1000 + 900), block, outcome, problems })
  return records
}

/** One of each kind of record that only sessions have. */
export function sessionRecords(): Evidence[] {
  const one = blockRecords(blockPlan('p1-a', 'a', 1), ZERO, () => ({ deposit: { histogram: [[100, 22]] } }))
  return [
    runStarted(),
    { kind: 'session-started', at: instant(ZERO - 1000), session: session() },
    ...one,
    { kind: 'rest-awaited', at: instant(ZERO + 40_000), waitedMs: seconds(3), unrest: ['Pod casino/x is pending'] },
  ]
}
