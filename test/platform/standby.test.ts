/** What a region answers while it does not write: its gateways by the flag `writes`, its services by their database. */
import { afterEach, describe, expect, it } from 'vitest'
import { answerFrozen, createFreeze, serveRegion } from '../../src/platform/services/gateway/freeze.ts'
import { createWarmth, serveWarmth } from '../../src/platform/services/wallet/warmth.ts'
import { readConfig, readServerConfig } from '../../src/platform/shared/config.ts'
import { createService, type Service } from '../../src/platform/shared/service.ts'
import { refuseWrites } from '../../src/platform/shared/standby.ts'
import { createUpstream } from '../../src/platform/shared/upstream.ts'

let opened: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of opened.reverse()) await close()
  opened = []
})

function service(): Service {
  const config = readConfig({}, readServerConfig)
  if (!config.ok) throw new Error(config.problems.join())
  const made = createService('test', config.value)
  opened.push(() => made.app.close())
  return made
}
const listening = ({ app }: Service): Promise<string> => app.listen({ host: '127.0.0.1', port: 0 })
const ask = async (origin: string, method: string, path: string) => {
  const answer = await fetch(`${origin}${path}`, { method })
  await answer.text()
  return [answer.status, answer.headers.get('retry-after')]
}

describe('the freeze of a gateway', () => {
  it('refuses every write while the flag is off, and none while it is on', () => {
    let writes = true
    const freeze = createFreeze(() => writes, 0)
    const refused = () => [1, 2, 3].map(() => freeze.refuses())
    expect(refused()).toEqual([false, false, false])
    writes = false
    expect(refused()).toEqual([true, true, true])
  })

  it('that leaks lets every third write through', () => {
    const freeze = createFreeze(() => false, 3)
    expect([1, 2, 3, 4, 5, 6].map(() => freeze.refuses())).toEqual([true, true, false, true, true, false])
  })

  it('is answered with 503 and Retry-After', async () => {
    const gateway = service()
    gateway.app.post('/deposits', async (_request, reply) => answerFrozen(reply))
    expect(await ask(await listening(gateway), 'POST', '/deposits')).toEqual([503, '5'])
  })
})

it('a service whose database is read-only refuses writes at once, and answers readers', async () => {
  const wallet = service()
  let readOnly = false
  refuseWrites(wallet, { readOnly: () => readOnly })
  const done = async () => ({ done: true })
  wallet.app.get('/players', done)
  wallet.app.post('/deposits', done)
  wallet.app.post('/books/cut', done)
  const origin = await listening(wallet)
  const asked = () =>
    Promise.all([ask(origin, 'POST', '/deposits'), ask(origin, 'GET', '/players'), ask(origin, 'POST', '/books/cut')])
  expect(await asked()).toEqual([
    [200, null],
    [200, null],
    [200, null],
  ])
  readOnly = true
  expect(await asked()).toEqual([
    [503, '5'],
    [200, null],
    [200, null],
  ])
})

it('a region is warm when its wallet has read all players, and takes a trial write by flag and wallet', async () => {
  const wallet = service()
  let reads = 0
  const read = async () => {
    reads += 1
    return []
  }
  const warmth = createWarmth({ query: read }, 60)
  serveWarmth(wallet, warmth)
  let takes = false
  wallet.app.post('/trial-write', async (_request, reply) => reply.code(takes ? 200 : 503).send({}))
  const upstream = createUpstream({ url: await listening(wallet), connections: 2, maxInFlight: 8 })
  opened.push(() => upstream.stop())
  const gateway = service()
  let writes = true
  serveRegion(gateway, () => writes, upstream)
  const origin = await listening(gateway)
  const status = async (method: string, path: string) => (await ask(origin, method, path))[0]

  const touch = async (player: string) => {
    const startMs = performance.now()
    await warmth.touch(player)
    return performance.now() - startMs > 50
  }
  expect([await touch('player-000041'), await touch('player-000041'), await touch('player-000002')]).toEqual([
    true,
    false,
    true,
  ])
  expect(await status('GET', '/warm')).toBe(503)
  expect(await status('POST', '/warm-up')).toBe(200)
  expect([await status('GET', '/warm'), await touch('player-000003'), reads]).toEqual([200, false, 1])

  expect(await status('POST', '/trial-write')).toBe(503)
  takes = true
  expect(await status('POST', '/trial-write')).toBe(200)
  writes = false
  expect(await status('POST', '/trial-write')).toBe(503)
})
