/** Performs one block: its own load generator, its start and end in the journal. Several blocks may run at the same time. */
import type { BlockPlan } from '../domain/blocks.ts'
import type { Rehearsal } from '../domain/rehearsal.ts'
import { after, millis, seconds } from '../domain/units.ts'
import { untilLoadEnds } from './load-end.ts'
import type { Clock, LoadEvent, LoadGenerator } from './ports.ts'
import type { Recorder } from './recorder.ts'

export type BlockPorts = {
  readonly clock: Clock
  readonly load: LoadGenerator
  readonly recorder: Recorder
  /** A folder for the files of one load generator; it exists when this returns. */
  readonly folderOf: (block: string) => Promise<string>
}

/** k6 lets iterations in flight end. If it takes longer than this after the end of the plan it hangs, and the load is stopped. */
const OVERRUN = seconds(15)

type Ended = Extract<LoadEvent, { kind: 'ended' }>

/** Resolves when the block's load has ended. Ends it early when `stopping` is aborted. Rejects with EnvironmentError if k6 does not start. */
export async function performBlock(
  { clock, load, recorder, folderOf }: BlockPorts,
  { load: { script } }: Pick<Rehearsal, 'load'>,
  plan: BlockPlan,
  stopping: AbortSignal,
): Promise<void> {
  const { block } = plan
  let ended: Ended | undefined
  const onEvent = (event: LoadEvent): void => {
    switch (event.kind) {
      case 'frame':
        return recorder.record({ kind: 'load-frame', ...event.frame, instance: block })
      case 'health':
        return recorder.record({ kind: 'generator-health', ...event.health, instance: block })
      case 'ended':
        ended = event
        return
    }
  }
  stopping.throwIfAborted()
  const running = await load.start(script, plan.load, await folderOf(block), onEvent)
  recorder.record({ kind: 'block-started', ...plan, zeroAt: running.zeroAt })
  const deadline = after(running.zeroAt, millis(plan.settleMs + plan.measuredMs + OVERRUN))
  await untilLoadEnds(clock, running, deadline, stopping)
  const { outcome = 'crashed', problems = [] } = ended ?? {}
  recorder.record({ kind: 'block-ended', block, outcome, problems })
}
