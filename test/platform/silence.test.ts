/** What a service does when an endpoint of another falls silent: over real sockets, cut by a fault of the pod network. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createRetryBudget } from '../../src/platform/shared/retry-budget.ts'
import { lookDueAtMs } from '../../src/platform/shared/silence.ts'
import { type Call, usable } from '../../src/platform/shared/upstream.ts'
import { between, type SmallCluster, startSmallCluster, type TestPod } from '../lab/pod-network/small-cluster.ts'

const APP = fileURLToPath(new URL('./upstream-app.ts', import.meta.url))

type Answer = {
  answer: { kind: string; status?: number; body?: string; reason?: string }
  tookMs: number
  sent: number
}

describe('calls to a service with one silent endpoint', () => {
  let cluster: SmallCluster
  let client: TestPod
  let pods: [TestPod, TestPod]
  let app: ChildProcess
  let lastId = 0

  beforeAll(async () => {
    cluster = await startSmallCluster(231)
    client = await cluster.pod('client')
    pods = [await cluster.pod('a'), await cluster.pod('b')]
    for (const pod of pods) await pod.run('serve', { kind: 'api', port: 8080, name: pod.name })
    await cluster.service('api', pods, { 8080: 8080 }, { clusterIP: 'None' })
    app = fork(APP, ['http://api.casino:8080'], { env: { ...process.env, ...client.env } })
    await once(app, 'message')
  }, 20_000)
  afterEach(async () => {
    await cluster.fault('cut')
    // Both are heard again.
    await expect.poll(async () => new Set(await names(8)).size, { timeout: 5_000 }).toBe(2)
  })
  afterAll(async () => {
    app?.kill('SIGKILL')
    await cluster?.stop()
  })

  async function ask(over: Partial<Call> = {}): Promise<Answer> {
    const id = ++lastId
    const call = { method: 'POST', path: '/api/echo', body: '{}', timeoutMs: 1_900, idempotent: true, ...over }
    const answered = new Promise<Answer>((resolve) => {
      const take = (message: Answer & { id: number }) => {
        if (message.id !== id) return
        app.off('message', take)
        resolve(message)
      }
      app.on('message', take)
    })
    app.send({ id, call })
    return answered
  }

  const many = (count: number, over: Partial<Call> = {}) => Promise.all(Array.from({ length: count }, () => ask(over)))
  const names = async (count: number) => (await many(count)).map(({ answer }) => JSON.parse(answer.body ?? '{}').pod)
  const cut = (...lost: TestPod[]) =>
    cluster.fault('cut', ...lost.map((pod) => between(client, pod, { kind: 'partition' })))

  it('are all answered by the other endpoint within a second, and later calls go there at once', async () => {
    expect(new Set(await names(8))).toEqual(new Set(['a', 'b']))
    await cut(pods[0])
    const during = await many(8)
    expect(during.map(({ answer }) => answer.status)).toEqual(Array(8).fill(201))
    expect(Math.max(...during.map(({ tookMs }) => tookMs))).toBeGreaterThan(500)
    expect(Math.max(...during.map(({ tookMs }) => tookMs))).toBeLessThan(2_500)
    const slowest: number[] = []
    for (const _ of [1, 2, 3]) slowest.push(Math.max(...(await many(8)).map(({ tookMs }) => tookMs)))
    expect(Math.min(...slowest)).toBeLessThan(500)
  })

  it('wait for their timeout if they may not be sent twice', async () => {
    await cut(pods[0])
    const results = await many(8, { idempotent: false, timeoutMs: 1_200 })
    expect(results.some(({ answer }) => answer.kind === 'timeout')).toBe(true)
  })

  it('are never sent twice if the endpoint is only slow', async () => {
    const before = (await ask()).sent
    const slow = await ask({ method: 'GET', path: '/api/silent', timeoutMs: 1_500 })
    expect(slow).toMatchObject({ answer: { kind: 'timeout' }, sent: before + 1 })
  })

  it('are sent once each if no other endpoint is left', async () => {
    await cut(...pods)
    const before = await ask({ timeoutMs: 1_500 })
    const later = await many(6, { timeoutMs: 1_000 })
    expect(later.every(({ answer }) => answer.kind !== 'answer')).toBe(true)
    // Connections that were never made may have moved once; nothing more than that.
    expect(Math.max(...later.map(({ sent }) => sent)) - before.sent).toBeLessThanOrEqual(12)
  })
})

describe('the rules', () => {
  const standing = (silent: boolean, avoidUntilMs = 0) => ({ silence: { isSilent: () => silent }, avoidUntilMs })

  it.each([
    ['a silent one of three is left out', [true, false, false], 2],
    ['one of two may be left out', [true, false], 1],
    ['with two of three silent all are used', [true, true, false], 3],
    ['the only one is used', [true], 1],
  ])('%s', (_, silent, count) => {
    expect(
      usable(
        silent.map((one) => standing(one)),
        1,
      ),
    ).toHaveLength(count)
  })

  it('avoid an endpoint that broke a connection only while there is another one', () => {
    const broken = standing(false, 2)
    const fine = standing(false)
    expect(usable([broken, fine], 1)).toEqual([fine])
    expect(usable([broken], 1)).toEqual([broken])
    expect(usable([broken, fine], 3)).toHaveLength(2)
  })

  it('check 200 ms after the last sign of life, or after the oldest waiting call', () => {
    expect(lookDueAtMs(1_000, 900)).toBe(1_200)
    expect(lookDueAtMs(0, 1_000)).toBe(1_200)
  })

  it('allow retries for a fifth of the calls plus a small reserve', () => {
    const budget = createRetryBudget()
    let retried = 0
    for (let call = 0; call < 1_000; call += 1) {
      budget.called()
      if (budget.take()) retried += 1
    }
    expect(retried).toBeGreaterThanOrEqual(200)
    expect(retried).toBeLessThanOrEqual(221)
  })
})
