/** Drives a real k6 at a small real platform, and keeps what the adapter tells of it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { k6LoadGenerator, type LocalGenerator, type LocalLoad } from '../../../src/adapters/k6/load-generator.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import type { LoadEvent } from '../../../src/controller/ports.ts'
import type { LoadPlan, LoadStage } from '../../../src/domain/timeline.ts'
import { millis, perSecond, type Some } from '../../../src/domain/units.ts'
import { resolveTool } from '../../../src/toolchain/toolchain.ts'

export const PROMO_PEAK = join(import.meta.dirname, '../../../scenarios/promo-peak.ts')

export const stage = (durationMs: number, from: number, to: number = from): LoadStage => ({
  durationMs: millis(durationMs),
  from: perSecond(from),
  to: perSecond(to),
})

export function planOf(
  entry: string,
  profiles: Readonly<Record<string, Some<LoadStage>>>,
  more?: Partial<LoadPlan>,
): LoadPlan {
  return {
    run: 'test-1',
    seed: 7,
    entry,
    profiles: Object.entries(profiles).map(([name, stages]) => ({ name, stages })),
    unions: {},
    limits: {},
    ...more,
  }
}

type EventOf<K extends LoadEvent['kind']> = Extract<LoadEvent, { kind: K }>

export type Drive = {
  readonly load: LocalLoad
  readonly events: readonly LoadEvent[]
  frames(): readonly EventOf<'frame'>['frame'][]
  health(): readonly EventOf<'health'>['health'][]
  /** The last event, which must be the end. */
  ended(): Promise<EventOf<'ended'>>
}

export type Driver = {
  readonly folder: string
  readonly generator: LocalGenerator
  drive(script: string, plan: LoadPlan): Promise<Drive>
  close(): Promise<void>
}

export async function driver(): Promise<Driver> {
  const folder = await mkdtemp(join(tmpdir(), 'matchday-k6-'))
  const { path: binary } = await resolveTool('k6')
  const generator = k6LoadGenerator({ binary, clock: systemClock, cacheFolder: join(folder, 'bundles') })
  return {
    folder,
    generator,
    drive: async (script, plan) => {
      const events: LoadEvent[] = []
      const load = await generator.start(script, plan, folder, (event) => events.push(event))
      return {
        load,
        events,
        frames: () => events.flatMap((event) => (event.kind === 'frame' ? [event.frame] : [])),
        health: () => events.flatMap((event) => (event.kind === 'health' ? [event.health] : [])),
        ended: async () => {
          await load.ended
          const last = events.at(-1)
          if (last?.kind !== 'ended') throw new Error(`the last event is ${last?.kind}`)
          return last
        },
      }
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
}
