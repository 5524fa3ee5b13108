/** Drives runners in a cluster, and adds up what they tell. */
import { runnersLoadGenerator } from '../../../src/adapters/k6/runners/generator.ts'
import { runnersUndoer } from '../../../src/adapters/k6/runners/undo.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import type { LoadEvent, RunningLoad } from '../../../src/controller/ports.ts'
import { redactionOf } from '../../../src/controller/redaction.ts'
import type { Undo } from '../../../src/domain/evidence.ts'
import type { LoadPlan } from '../../../src/domain/timeline.ts'
import { seconds } from '../../../src/domain/units.ts'
import type { KubernetesApi } from '../../../src/protocols/kubernetes/api.ts'

export type RunnersDriven = {
  readonly load: RunningLoad
  readonly events: readonly LoadEvent[]
  /** The undos, in the order in which they were written. */
  readonly owed: readonly Undo[]
  /** The last event, which must be the end. */
  ended(): Promise<Extract<LoadEvent, { kind: 'ended' }>>
  /** Removes everything that was made. */
  undone(): Promise<void>
}

type Where = {
  readonly api: KubernetesApi
  readonly binary: string
  readonly folder: string
  readonly cpu?: string
  readonly credentials?: Readonly<Record<string, string>>
}

export async function driveRunners(
  { api, binary, folder, cpu = '1', credentials = {} }: Where,
  script: string,
  plan: LoadPlan,
): Promise<RunnersDriven> {
  const events: LoadEvent[] = []
  const owed: Undo[] = []
  const at = { file: 'target.yaml', line: 1, column: 1 }
  const images = { image: 'grafana/k6:2.2.0', relayImage: 'node:24-alpine' }
  const generator = runnersLoadGenerator({
    ...{ binary, clock: systemClock, cacheFolder: `${folder}/bundles`, api, target: 'casino' },
    credentials: { values: credentials, redact: redactionOf(credentials).text },
    load: { runners: plan.runners ?? 1, namespace: 'matchday-load', ...images, cpu, memory: '512Mi', at },
  })
  const load = await generator.start(script, plan, folder, (event) => events.push(event), {
    owe: async (undo) => owed.push(undo),
    stopping: new AbortController().signal,
  })
  return {
    load,
    events,
    owed,
    ended: async () => {
      await load.ended
      const last = events.at(-1)
      if (last?.kind !== 'ended') throw new Error(`the last event is ${last?.kind}`)
      return last
    },
    undone: async () => {
      const undoer = runnersUndoer(api, systemClock)
      await Promise.all(owed.map((each) => undoer.undo(each, seconds(60))))
    },
  }
}

/** The last frame of each runner, added up: arrivals, operations, good attempts. */
export function totalsOf(events: readonly LoadEvent[]): Readonly<Record<string, number>> {
  const frames = events.flatMap((event) => (event.kind === 'frame' ? [event.frame] : []))
  const last = [...Map.groupBy(frames, ({ instance }) => instance).values()].flatMap((each) => each.at(-1) ?? [])
  const sums: Record<string, number> = {}
  const add = (key: string, value: number) => {
    sums[key] = (sums[key] ?? 0) + value
  }
  for (const { profiles, operations } of last) {
    for (const [name, { iterations, dropped }] of Object.entries(profiles)) add(`due of ${name}`, iterations + dropped)
    for (const [name, counts] of Object.entries(operations))
      for (const [field, value] of Object.entries(counts)) add(`${name} ${field}`, value)
  }
  for (const { slis, profiles } of last)
    for (const name of Object.keys(profiles)) add(`good ${name}`, slis[name]?.good ?? 0)
  return sums
}
