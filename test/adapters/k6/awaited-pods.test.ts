import { describe, expect, it } from 'vitest'
import { PART_LABEL } from '../../../src/adapters/k6/runners/manifests.ts'
import { awaitPods } from '../../../src/adapters/k6/runners/starting.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import { instant } from '../../../src/domain/units.ts'
import { Plain, smallApiServer } from '../../support/small-api-server.ts'

const load = {
  runners: 1,
  namespace: 'load',
  image: 'k6:1',
  relayImage: 'node:24',
  cpu: '1',
  memory: '1Gi',
  at: { file: 'target.yaml', line: 9, column: 3 },
}

const hidden = (text: string) => text.replaceAll('s3cret', '***')

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

const awaited = (reason: string) =>
  awaitedIn({
    phase: 'Pending',
    containerStatuses: [{ state: { waiting: { reason, message: 'of image k6:1' } } }],
  })

async function awaitedIn(status: object, log = '') {
  const pod = {
    metadata: { name: 'run-1-runner-0-x', labels: { [PART_LABEL]: 'runner-0' } },
    spec: { nodeName: 'node-a' },
    status,
  }
  const api = await smallApiServer(({ path }) => (path.endsWith('/log') ? new Plain(log) : { items: [pod] }))
  const { clock, waited } = hurriedClock()
  const place = { api, clock, load, run: 'run-1', stopping: new AbortController().signal, redact: hidden }
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

  it('is reported with its exit code and the last lines of its log, without credentials', async () => {
    const terminated = { exitCode: 107, reason: 'Error' }
    const log = '2026-11-29T10:00:00Z {"level":"error","msg":"no access with s3cret"}\n'
    const { error } = await awaitedIn({ phase: 'Failed', containerStatuses: [{ state: { terminated } }] }, log)
    expect(error).toContain('runner-0 (pod run-1-runner-0-x) ended before the load began, with code 107.')
    expect(error).toContain('no access with ***')
  })

  it('is awaited while its image is pulled, and named when the time is over', async () => {
    const { error, times } = await awaited('ImagePullBackOff')
    expect(error).toContain('ImagePullBackOff: of image k6:1')
    expect(error).toContain('within 300 s')
    expect(times).toBe(5)
  })
})
