/** A comparison of 16 pairs of 30 s blocks, from the journal on disk to the outcome and its page: as `matchday judge` does it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { judgeComparison, writeComparison } from '../src/cli/comparing.ts'
import type { Evidence } from '../src/domain/evidence.ts'
import { BUCKET_FACTOR } from '../src/domain/histogram.ts'
import { createRandom } from '../src/domain/random.ts'
import { instant } from '../src/domain/units.ts'
import { runStarted, ZERO } from '../test/support/evidence.ts'
import { blockPlan, blockRecords, session } from '../test/support/evidence-blocks.ts'
import { journalText } from '../test/support/journal-text.ts'

const PAIRS = 16
const GOAL_MS = 5000
/** Between two blocks: k6 ends and the next one starts. */
const BLOCK_EVERY_MS = 40_000

export async function bench(): Promise<{ name: string; goal: string; figure: string; met: boolean }[]> {
  const folder = mkdtempSync(join(tmpdir(), 'matchday-bench-'))
  try {
    writeFileSync(join(folder, 'journal.ndjson'), journalText(records()))
    const from = performance.now()
    const comparison = await judgeComparison(folder)
    writeComparison(folder, comparison)
    const ms = performance.now() - from
    const figure = `${(ms / 1000).toFixed(1)} s, ${comparison.pairs} pairs, ${comparison.outcome}`
    const whole = comparison.pairs === PAIRS
    return [{ name: 'comparison of 16 pairs judged and drawn', goal: '≤ 5 s', figure, met: whole && ms <= GOAL_MS }]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** B is slower by so little that no look decides: all 16 pairs are judged. */
function records(): readonly Evidence[] {
  const draw = createRandom(5, 'bench')
  const normal = () => Math.sqrt(-2 * Math.log(1 - draw.fraction())) * Math.cos(2 * Math.PI * draw.fraction())
  const all: Evidence[] = [runStarted(), { kind: 'session-started', at: instant(ZERO - 1000), session: session() }]
  let at = ZERO
  for (let pair = 1; pair <= PAIRS; pair++) {
    for (const side of ['a', 'b'] as const) {
      const shift = (side === 'b' ? 1.05 : 1) * Math.exp(0.3 * normal())
      const second = () => ({
        login: latencies(24),
        deposit: latencies(22),
        bet: latencies(14),
        'ws-rtt': latencies(100),
      })
      const latencies = (count: number) => {
        const buckets = new Map<number, number>()
        for (let n = 0; n < count; n++) {
          const value = 60 * shift * Math.exp(0.4 * normal())
          const bound = BUCKET_FACTOR ** Math.ceil(Math.log(value) / Math.log(BUCKET_FACTOR))
          buckets.set(bound, (buckets.get(bound) ?? 0) + 1)
        }
        return { histogram: [...buckets].sort(([a], [b]) => a - b) }
      }
      all.push(...blockRecords(blockPlan(`p${pair}-${side}`, side, pair), at, second))
      at += BLOCK_EVERY_MS
    }
  }
  return [...all, { kind: 'run-ended', at: instant(at), healed: true }]
}
