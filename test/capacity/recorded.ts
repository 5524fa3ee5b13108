/** The evidence of a whole search on a platform with a known limit, made by the real planner and search with virtual time. */
import { readFileSync } from 'node:fs'
import { type CapacitySeen, createCapacitySeen } from '../../src/capacity/seen.ts'
import { targetOfUrl } from '../../src/cli/url-target.ts'
import { arrivalsBy } from '../../src/domain/arrivals.ts'
import type { BlockPlan } from '../../src/domain/blocks.ts'
import type { CapacitySession } from '../../src/domain/capacity.ts'
import type { ClusterObject } from '../../src/domain/cluster.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Rehearsal, Target } from '../../src/domain/rehearsal.ts'
import { instant, ratio, seconds } from '../../src/domain/units.ts'
import { usualSession } from '../../src/files/capacity.ts'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { planCapacityBlock } from '../../src/plan/capacity.ts'
import { planTimeline } from '../../src/plan/timeline.ts'

const START = 1_767_225_600_000

const target: Target = { ...targetOfUrl('http://127.0.0.1:1'), context: 'lab', hpaSyncMs: seconds(2) }

function ordersRehearsal(): Rehearsal {
  const parsed = parseRehearsal({ read: (path) => readFileSync(path, 'utf8') }, 'test/capacity/orders.rehearsal.yaml')
  if (!parsed.ok) throw new Error('the rehearsal of the tests is broken')
  return parsed.value
}

export type Recorded = {
  /** Requests per second that are answered in time. */
  readonly limit: number
  readonly session?: Partial<CapacitySession>
  /** Evidence beside the load, when each block with this rate begins, and a second and two later. */
  readonly beside?: (perSecond: number, at: number) => readonly Evidence[]
  /** After an overload nothing is answered in time. */
  readonly metastable?: boolean
  readonly hostBusy?: number
}

/** All evidence and the fold that the controller would have. */
export function recordedSearch(platform: Recorded): {
  readonly records: readonly Evidence[]
  readonly seen: CapacitySeen
} {
  const rehearsal = ordersRehearsal()
  const session = { ...usualSession(target, rehearsal), ...platform.session }
  const planned = planTimeline(rehearsal, target, { run: 'orders-1', seed: 1 })
  if (!planned.ok) throw new Error('the plan of the tests is broken')
  const records: Evidence[] = []
  const seen = createCapacitySeen()
  const record = (...each: readonly Evidence[]) => {
    for (const one of each) {
      records.push(one)
      seen.add(one)
    }
  }
  let at = START
  const environment = {
    matchday: '0.1.0',
    node: 'v24',
    k6: 'v2',
    kubernetes: 'v1',
    clusterUid: '',
    cores: 2,
    seed: 1,
    command: 'matchday capacity',
  }
  record(
    { kind: 'run-started', at: instant(at), run: 'orders-1', rehearsal, target, timeline: planned.value, environment },
    { kind: 'session-started', at: instant(at), session },
  )
  for (let step = 1; step < 60; step += 1) {
    const next = seen.next()
    if (next?.kind !== 'measure') break
    const { load, purpose, overload, measureMs } = next
    const asked = { step, load, purpose, ...(overload === undefined ? {} : { overload }) }
    const plan = planCapacityBlock({ rehearsal, target }, session, { run: 'orders-1', seed: 1 }, asked, measureMs, 1)
    record(...blockOf(plan, at, platform))
    at += plan.settleMs + plan.measuredMs + 5000
  }
  record({ kind: 'run-ended', at: instant(at), healed: true })
  return { records, seen }
}

function blockOf(plan: BlockPlan, at: number, platform: Recorded): readonly Evidence[] {
  const { block, settleMs, measuredMs, load, asked } = plan
  const stages = load.profiles[0]?.stages ?? []
  const rate = stages.at(-1)?.to ?? 0
  const down = rate > platform.limit || (platform.metastable && asked?.overload !== undefined)
  const records: Evidence[] = [
    ...(platform.beside?.(rate, at) ?? []),
    { kind: 'block-started', at: instant(at), zeroAt: instant(at), ...plan },
  ]
  let before = 0
  for (let ms = 1000; ms <= settleMs + measuredMs; ms += 1000) {
    const good = Math.floor(arrivalsBy(stages, ms))
    const counts = { good, bad: 0, badBy: {}, slow: down ? good : 0, overCeiling: 0 }
    records.push(
      {
        kind: 'load-frame',
        at: instant(at + ms),
        instance: block,
        slis: { order: { ...counts, histogram: [[down ? 1800 : 100, good - before]] } },
        profiles: { order: { iterations: good, dropped: 0 } },
        operations: {},
        unknownKeys: [],
        vus: 10,
      },
      {
        kind: 'generator-health',
        at: instant(at + ms),
        instance: block,
        cpuCores: 0.1,
        hostBusy: ratio(platform.hostBusy ?? 0.3),
        rssBytes: 1,
      },
    )
    if (ms <= 2000) records.push(...(platform.beside?.(rate, at + ms) ?? []))
    before = good
  }
  records.push({
    kind: 'block-ended',
    at: instant(at + settleMs + measuredMs),
    block,
    outcome: 'completed',
    problems: [],
  })
  return records
}

export const objectSeen = (at: number, object: ClusterObject): Evidence => ({
  kind: 'object-seen',
  at: instant(at),
  change: 'modified',
  object,
})
