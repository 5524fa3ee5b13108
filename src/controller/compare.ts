/**
 * Compares two releases by pairs of blocks, in an order drawn from the seed for each pair, or both at once (duet) at half of the load each. It looks
 * with the judge's own fold, and ends as soon as that decides. A pair with a void block is measured again.
 */
import type { BlockPlan, BlockResult } from '../domain/blocks.ts'
import type { CompareSession } from '../domain/comparison.ts'
import type { Evidence } from '../domain/evidence.ts'
import { createRandom } from '../domain/random.ts'
import { seconds } from '../domain/units.ts'
import { createComparing } from '../judge/comparing.ts'
import { planBlock } from '../plan/blocks.ts'
import type { EvidenceSink } from './recorder.ts'
import type { ComparedSide, DeploySide } from './rolling-out.ts'
import { performSession, type SessionPlan, type SessionPorts, type Warm } from './session.ts'

/** As many pairs may be void before the comparison gives up: the machine will not do. */
const VOID_MOST = 4
/** Between two blocks, until what the first one left has drained. */
const REST_MOST = seconds(120)

export type ComparePlan = SessionPlan & { readonly session: CompareSession }

/** Runs before the first pair. Returns what deploys a side; without a cluster there is nothing to deploy. */
export type Prepare = (warm: Warm) => Promise<DeploySide>

const nothingToDeploy: DeploySide = async () => false

export async function performComparison(
  ports: SessionPorts,
  plan: ComparePlan,
  sink: EvidenceSink,
  onEvidence: (record: Evidence) => void,
  operator: AbortSignal,
  prepare: Prepare = async () => nothingToDeploy,
): Promise<{ readonly healed: boolean }> {
  const judge = createComparing()
  const listen = (record: Evidence) => {
    judge.add(record)
    onEvidence(record)
  }
  return performSession(ports, plan, sink, listen, operator, async (warm) => {
    const deploy = await prepare(warm)
    await warmUp(warm, plan, deploy)
    const { looks } = plan.session.settings
    const most = looks.at(-1) ?? 0
    let kept = 0
    for (let pair = 1; kept < most && pair <= most + VOID_MOST; pair++) {
      if (await measurePair(warm, plan, pair, deploy)) kept += 1
      else continue
      if (looks.includes(kept) && judge.result().outcome !== 'undecided') return
    }
  })
}

/** One block of each release that no pair counts: it was just started, its pools are empty and its code is not compiled. */
async function warmUp(warm: Warm, plan: ComparePlan, deploy: DeploySide): Promise<void> {
  for (const side of SIDES) {
    await deploy(side)
    await warm.measure([blockOf(plan, side, `warm-${side}`)])
  }
}

const SIDES: readonly ComparedSide[] = ['a', 'b']

/** Whether both blocks were measured. */
async function measurePair(warm: Warm, plan: ComparePlan, pair: number, deploy: DeploySide): Promise<boolean> {
  const { duet } = plan.session
  if (duet) {
    await warm.untilAtRest(REST_MOST)
    return areMeasured(
      await warm.measure([blockOf(plan, 'a', `p${pair}-a`, pair), blockOf(plan, 'b', `p${pair}-b`, pair)]),
    )
  }
  const first = orderOf(plan.timeline.seed, pair)
  const order = first === 'a' ? SIDES : SIDES.toReversed()
  const results: BlockResult[] = []
  for (const side of order) {
    if (await deploy(side)) await warm.measure([blockOf(plan, side, `warm-p${pair}-${side}`)])
    await warm.untilAtRest(REST_MOST)
    results.push(...(await warm.measure([blockOf(plan, side, `p${pair}-${side}`, pair)])))
  }
  return areMeasured(results)
}

const areMeasured = (results: readonly BlockResult[]): boolean =>
  results.length === 2 && results.every(({ state }) => state === 'measured')

/** Each pair has a draw of its own, so that a run can be repeated with the same order. */
export const orderOf = (seed: number, pair: number): ComparedSide =>
  createRandom(seed, `order of pair ${pair}`).below(2) === 0 ? 'a' : 'b'

/** Without a pair it is a warm-up. */
function blockOf(
  { rehearsal, target, timeline, session, facts }: ComparePlan,
  side: ComparedSide,
  block: string,
  pair?: number,
): BlockPlan {
  const { settings, duet } = session
  const isWarmUp = pair === undefined
  return planBlock(rehearsal, target, {
    block,
    of: side,
    ...(isWarmUp ? {} : { pair }),
    run: timeline.run,
    seed: timeline.seed,
    factor: duet && !isWarmUp ? settings.factor / 2 : settings.factor,
    settleMs: settings.settleMs,
    measuredMs: settings.measuredMs,
    entry: session[side].entry,
    ...(facts && { facts }),
  })
}
