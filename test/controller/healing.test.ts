import { describe, expect, it } from 'vitest'
import { chaosMeshInjector } from '../../src/adapters/chaos-mesh/injector.ts'
import { createHealing } from '../../src/controller/healing.ts'
import type { Clock } from '../../src/controller/ports.ts'
import { instant } from '../../src/domain/units.ts'
import { refusal, smallApiServer } from '../support/small-api-server.ts'

/** Time passes only while somebody waits. */
function patientClock(): Clock {
  let now = instant(1_000_000)
  return {
    now: () => now,
    until: async (at) => {
      if (at > now) now = at
    },
  }
}

describe('an undo on a cluster that does not answer', () => {
  it('gets one minute, and 15 s for the retry at the end of the run', async () => {
    const clock = patientClock()
    const faults = chaosMeshInjector(await smallApiServer(() => refusal(503)), clock)
    const recorder = { record: () => undefined, flush: async () => undefined }
    const owed = createHealing(recorder, faults, { keep: async () => undefined })
    const object = { apiVersion: 'chaos-mesh.org/v1alpha1', objectKind: 'PodChaos', plural: 'podchaos' }
    const id = await owed.prepare({ does: 'delete-object', ...object, namespace: 'casino', name: 'kill' })
    const beganAt = clock.now()
    await expect(owed.healMany([id])).rejects.toThrow('503')
    const failedAt = clock.now()
    expect(await owed.healAll()).toEqual([expect.stringContaining('503')])
    expect([failedAt - beganAt, clock.now() - failedAt].map((ms) => Math.round(ms / 1000))).toEqual([60, 15])
  })
})
