import { describe, expect, it } from 'vitest'
import { PART_LABEL } from '../../../src/adapters/k6/runners/manifests.ts'
import { awaitPods } from '../../../src/adapters/k6/runners/starting.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import { instant } from '../../../src/domain/units.ts'
import { smallApiServer } from '../../support/small-api-server.ts'

const load = {
  runners: 1,
  namespace: 'load',
  image: 'k6:1',
  relayImage: 'node:24',
  cpu: '1',
  memory: '1Gi',
  at: { file: 'target.yaml', line: 9, column: 3 },
}

/** Time passes only while somebody waits; a pod that stays as it is uses up the patience at once. */
function hurriedClock() {
  let now = instant(1_000_000)
  const waited = { times: 0 }
  const clock = {
    ...systemClock,
    now: () => now,
    until: async () => {
      waited.times += 1
      now = instant(now + 60_000)
    },
  }
  return { clock, waited }
}

async function awaited(reason: string) {
  const pod = {
    metadata: { name: 'run-1-runner-0-x', labels: { [PART_LABEL]: 'runner-0' } },
    spec: { nodeName: 'node-a' },
    status: {
      phase: 'Pending',
      containerStatuses: [{ state: { waiting: { reason, message: 'of image k6:1' } } }],
    },
  }
  const api = await smallApiServer(() => ({ items: [pod] }))
  const { clock, waited } = hurriedClock()
  const place = { api, clock, load, run: 'run-1', stopping: new AbortController().signal }
  const error = await awaitPods(place, ['runner-0'], async () => true).catch((each: unknown) => each)
  return { error: String(error), times: waited.times }
}

describe('a runner that does not start', () => {
  it.each(['InvalidImageName', 'ErrImageNeverPull', 'ImageInspectError', 'CreateContainerConfigError'])(
    'ends the wait at once for %s',
    async (reason) => {
      const { error, times } = await awaited(reason)
      expect(error).toContain(`runner-0 (pod run-1-runner-0-x) cannot start: ${reason}: of image k6:1.`)
      expect(times).toBe(0)
    },
  )

  it('is waited for while its image is pulled, and named afterwards', async () => {
    const { error, times } = await awaited('ImagePullBackOff')
    expect(error).toContain('ImagePullBackOff: of image k6:1')
    expect(error).toContain('within 300 s')
    expect(times).toBe(5)
  })
})
