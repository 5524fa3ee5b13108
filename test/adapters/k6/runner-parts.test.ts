import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { podLogOf } from '../../../src/adapters/k6/runners/pod-log.ts'
import { relayAt } from '../../../src/adapters/k6/runners/relay.ts'
import { RELAY_PORT, RELAY_PROGRAM } from '../../../src/adapters/k6/runners/relay-program.ts'
import { coresOf, runnerHealth } from '../../../src/adapters/k6/runners/runner-health.ts'
import { runnersUndoer } from '../../../src/adapters/k6/runners/undo.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import type { Target } from '../../../src/domain/rehearsal.ts'
import { Plain, refusal, smallApiServer } from '../../support/small-api-server.ts'

describe('the log of a pod', () => {
  it('is read once, also where many lines have the same time', async () => {
    const lines = ['2026-11-29T10:00:00.1Z a', '2026-11-29T10:00:00.1Z b']
    const asked: (string | null)[] = []
    const api = await smallApiServer(({ query }) => {
      asked.push(query.get('sinceTime'))
      return new Plain(lines.map((line) => `${line}\n`).join(''))
    })
    const log = podLogOf(api, 'load', 'runner', 'k6')
    expect(await log.read()).toEqual(['a', 'b'])
    lines.push('2026-11-29T10:00:00.100Z c', '2026-11-29T10:00:00.12Z d')
    expect(await log.read()).toEqual(['c', 'd'])
    expect(await log.read()).toEqual([])
    lines.push('2026-11-29T10:00:01Z e with a space')
    expect(await log.read()).toEqual(['e with a space'])
    expect(asked).toEqual([null, '2026-11-29T10:00:00Z', '2026-11-29T10:00:00Z', '2026-11-29T10:00:00Z'])
  })

  it('is read in any time zone of its node, and without the words of a kubelet', async () => {
    const lines = ['2026-11-29T12:00:00.5+02:00 a', 'unable to retrieve container logs for containerd://1']
    const asked: (string | null)[] = []
    const api = await smallApiServer(({ query }) => {
      asked.push(query.get('sinceTime'))
      return new Plain(lines.map((line) => `${line}\n`).join(''))
    })
    const log = podLogOf(api, 'load', 'runner', 'k6')
    expect(await log.read()).toEqual(['a'])
    lines.push('2026-11-29T12:00:01+02:00 b')
    expect(await log.read()).toEqual(['b'])
    expect(asked).toEqual([null, '2026-11-29T10:00:00Z'])
  })
})

describe('the health of a runner', () => {
  const line = (up: number, ticks: number, busy: number, periods: number, throttled: number) =>
    `matchday-health|${up}|1 (k6 x) S 0 1 1 0 -1 4194304 1 0 0 0 ${ticks} 0 0 0 20 0 9 0 100 0 2000 0|cpu  ${busy} 0 0 ${1000 - busy} 0 0 0 0|usage_usec 1 nr_periods ${periods} nr_throttled ${throttled} throttled_usec 5 `

  it('comes from raw lines: cores of the process, the node beside it, and the share of throttled periods', () => {
    const healthIn = runnerHealth('runner-1', coresOf('500m'))
    expect(healthIn([line(10, 100, 0, 0, 0)], 50_000)).toEqual([])
    expect(healthIn([line(11, 150, 0, 10, 1), line(12, 175, 0, 20, 6)], 60_000)).toMatchObject([
      { at: 59_000, instance: 'runner-1', cpuCores: 0.5, rssBytes: 2000 * 4096, cpuLimit: 0.5, throttled: 0.1 },
      { at: 60_000, cpuCores: 0.25, throttled: 0.5 },
    ])
  })

  it('is in order of time, even if one line is read late and the next two are read together', () => {
    const healthIn = runnerHealth('runner-1', 1)
    const read = (now: number, ...ups: readonly number[]) =>
      healthIn(
        ups.map((up) => line(up, 0, 0, 0, 0)),
        now,
      ).map(({ at }) => at)
    expect(read(50_000, 10)).toEqual([])
    // 11 is 0.99 s old when it is read.
    expect(read(51_990, 11)).toEqual([51_990])
    expect(read(52_980, 12, 13.01)).toEqual([51_991, 52_980])
  })
})

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** The program of the relay as a process of this machine. `change` edits the program's text. */
async function relayProcess(change: (program: string) => string = (program) => program) {
  const port = await freePort()
  const program = change(RELAY_PROGRAM).replace(`.listen(${RELAY_PORT})`, `.listen(${port}, '127.0.0.1')`)
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { MATCHDAY_RELAY_SECRET: 'sesame' },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const push = (path: string, body: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body }).then(({ status }) => status)
  await vi.waitFor(async () => expect(await push('/wrong/runner-0', 'x')).toBe(404), { timeout: 20_000 })
  const reads = { count: 0 }
  const api = await smallApiServer(async ({ path, query }) => {
    if (!path.endsWith('/pushes')) return undefined
    reads.count += 1
    return new Plain(await (await fetch(`http://127.0.0.1:${port}/pushes?${query}`)).text())
  })
  const relay = relayAt(api, 'load', 'relay')
  const read = async () =>
    (await relay.read()).map(({ instance, body }) => `${instance} ${Buffer.from(body).toString()}`)
  return { push, relay, read, reads }
}

describe('the relay', () => {
  it('accepts pushes only with the secret, keeps them until they are read, and gives each once', async () => {
    const { push, relay, read } = await relayProcess()
    expect(await read()).toEqual([])
    expect([await push('/sesame/runner-0', 'one'), await push('/sesame/runner-1', 'two')]).toEqual([204, 204])
    expect(await read()).toEqual(['runner-0 one', 'runner-1 two'])
    expect(await read()).toEqual([])
    await push('/sesame/runner-0', 'three')
    expect(await read()).toEqual(['runner-0 three'])
    expect(relay.dropped).toBe(0)
  })

  it('splits what is too large for one answer, and all of it is read in order', async () => {
    const { push, read, reads } = await relayProcess((program) => program.replace(`> ${4 << 20}`, '> 10'))
    for (const body of ['first', 'second', 'third']) await push('/sesame/runner-0', body)
    expect(await read()).toEqual(['runner-0 first', 'runner-0 second', 'runner-0 third'])
    expect(reads.count).toBe(4)
  })

  it('drops the oldest pushes when nobody reads for too long, and says how many', async () => {
    const { push, relay, read } = await relayProcess((program) => program.replace(`> ${192 << 20}`, '> 20'))
    for (const body of ['first', 'second', 'third']) await push('/sesame/runner-0', body)
    expect(await read()).toEqual(['runner-0 second', 'runner-0 third'])
    expect(relay.dropped).toBe(1)
  })
})

describe('what a dead run left in the cluster', () => {
  const job = { metadata: { name: 'matchday-1-runner-0', namespace: 'load', labels: { 'matchday.dev/run': 'old' } } }
  const target = (load: object | undefined) =>
    ({ namespace: 'casino', context: 'staging', ...(load && { load }) }) as unknown as Target

  it('is found by its labels, in the namespace of the runners', async () => {
    const api = await smallApiServer(({ path, query }) => {
      if (query.get('labelSelector') !== 'matchday.dev/run,matchday.dev/target=casino') return undefined
      if (path === '/apis/batch/v1/namespaces/load/jobs') return { kind: 'JobList', metadata: {}, items: [job] }
      return path.endsWith('/secrets') ? refusal(403) : { kind: 'List', metadata: {}, items: [] }
    })
    const undoer = runnersUndoer(api, systemClock)
    const undo = {
      does: 'delete-object',
      apiVersion: 'batch/v1',
      objectKind: 'Job',
      plural: 'jobs',
      namespace: 'load',
      name: 'matchday-1-runner-0',
    }
    expect(await undoer.leftovers(target({ namespace: 'load' }))).toEqual([{ run: 'old', undo }])
    expect(await undoer.residue(target({ namespace: 'load' }))).toEqual([
      { what: 'Job load/matchday-1-runner-0 of run old', where: 'live', next: 'matchday heal --context staging' },
    ])
    expect(await undoer.leftovers(target(undefined))).toEqual([])
  })
})
