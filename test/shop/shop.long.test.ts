/**
 * A shop in the lab, rehearsed by the same core as the reference platform: another failover, other books, other causes. By k6 on this machine, and by three
 * runners in the cluster.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { findTool } from '../../src/cli/tools.ts'
import type { EvidenceOf } from '../../src/domain/evidence.ts'
import type { Judgment } from '../../src/domain/verdict.ts'
import { chooseNetwork } from '../../src/lab/owner/network-choice.ts'
import { remoteWriteReceiver } from '../publish/remote-write-receiver.ts'
import { strictGrafana } from '../publish/strict-grafana.ts'
import { causesOf, type Run, recordsOf, verdictOf } from '../support/lab.ts'
import { isStarved, type ShopLab, shopLab, withRunners } from './shop-lab.ts'

const signal = new AbortController().signal
const network = await chooseNetwork('auto', (await findTool('labnet', signal)).path)
const refusal = network.kind === 'preload' ? network.why : undefined
const REHEARSAL = 'test/shop/carrier-down.rehearsal.yaml'
const NAMESPACE = 'matchday-load'

let shop: ShopLab
beforeAll(async () => {
  const { path: k6 } = await findTool('k6', signal)
  shop = await shopLab(refusal === undefined ? { k6, namespace: NAMESPACE } : undefined)
}, 300_000)
afterAll(() => shop?.down())

const TOKEN = 'pl4nted-publish-token'

const publishingTo = (remoteWrite: string, grafana: string) => (target: string) => {
  const places = { remoteWrite, grafana }
  const written = Object.entries(places).map(
    ([name, url]) => `${name}: {url: '${url}', bearer: {env: SHOP_PUBLISH_TOKEN}}`,
  )
  return target.replace(/^ {2}sources:/m, `  publish: {${written.join(', ')}}\n  sources:`)
}

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))

/** The indicators and the fault of the verdict, as two other systems got them while the run went on. */
function isPublished(
  judgment: Judgment,
  { requests, valuesOf }: Awaited<ReturnType<typeof remoteWriteReceiver>>,
  { posted, refused }: Awaited<ReturnType<typeof strictGrafana>>,
): void {
  expect(new Set(requests.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${TOKEN}`]))
  for (const { sli, kind, whole } of judgment.slos)
    if (kind === 'availability')
      expect(valuesOf('matchday_sli_good_total', { sli }).filter(Number.isFinite).at(-1)).toBe(whole.good)
  const active = valuesOf('matchday_fault_active', { fault: 'carrier-a down' })
  // The last one is the stale marker.
  expect(active.filter((value, index) => value !== active[index - 1] && Number.isFinite(value))).toEqual([1, 0])
  expect(active.at(-1)).toBeNaN()
  expect(refused).toEqual([])
  const told = posted.map(({ text }) => text)
  for (const what of ['phase baseline', 'phase peak', 'phase recovery', 'fault carrier-a down'])
    expect(told.filter((text) => text === `carrier-down: ${what}`)).toHaveLength(1)
}

describe("the shop's own rehearsal", () => {
  it('passes: the second carrier takes over, stock and dispatch hold the same orders, and series are published', async () => {
    vi.stubEnv('SHOP_PUBLISH_TOKEN', TOKEN)
    onTestFinished(() => void vi.unstubAllEnvs())
    const [prometheus, grafana] = [await remoteWriteReceiver(), await strictGrafana(TOKEN)]
    const run = shop.run(REHEARSAL, publishingTo(prometheus.url, grafana.url))
    const { code, stderr, stdout } = await run.ended
    const judgment = verdictOf(run)
    isPublished(judgment, prometheus, grafana)
    for (const text of [stdout, stderr, ...filesBelow(run.folder())]) expect(text).not.toContain(TOKEN)
    expect(judgment.ledger, stderr).toMatchObject({
      reconciled: true,
      settled: true,
      operations: [{ operation: 'order', books: [{ book: 'stock' }, { book: 'dispatch' }] }],
    })
    expect(judgment.ledger?.operations[0]?.client.acknowledged).toBeGreaterThan(200)
    expect(judgment.faults).toMatchObject([{ fault: 'carrier-a down', state: 'proven' }])
    if (!isStarved(judgment)) expect([code, causesOf(judgment)], JSON.stringify(judgment.findings)).toEqual([0, []])
  }, 240_000)
})

async function recordsOfKind<K extends 'load-started' | 'load-ended' | 'stop-requested'>(run: Run, kind: K) {
  return (await recordsOf(run)).filter((record): record is EvidenceOf<K> => record.kind === kind)
}

describe.skipIf(refusal !== undefined)(`three runners in the cluster${refusal ? ` (${refusal})` : ''}`, () => {
  const left = async () =>
    (
      await shop.kubectl('-n', NAMESPACE, 'get', 'jobs,pods,configmaps,secrets', '-l', 'matchday.dev/run', '-o', 'name')
    ).trim()

  it('give one verdict: every order of all runners is in the books, and the failover is judged', async () => {
    const run = shop.run(REHEARSAL, withRunners(3, NAMESPACE))
    const { code, stderr } = await run.ended
    const judgment = verdictOf(run)
    const ends = await recordsOfKind(run, 'load-ended')
    expect(
      ends.map(({ instance, outcome, exitCode }) => [instance, outcome, exitCode]),
      stderr,
    ).toEqual([0, 1, 2].map((index) => [`runner-${index}`, 'completed', 0]))
    const healths = (await recordsOf(run)).flatMap((each) => (each.kind === 'generator-health' ? [each.instance] : []))
    expect(new Set(healths)).toEqual(new Set(['runner-0', 'runner-1', 'runner-2']))
    const [order] = judgment.ledger?.operations ?? []
    expect(judgment.ledger).toMatchObject({ reconciled: true, settled: true })
    expect(order?.client.acknowledged).toBeGreaterThan(200)
    expect(judgment.faults).toMatchObject([{ fault: 'carrier-a down', state: 'proven', failovers: [{ held: true }] }])
    if (!isStarved(judgment)) expect([code, causesOf(judgment)], JSON.stringify(judgment.findings)).toEqual([0, []])
    expect(await left()).toBe('')
  }, 300_000)

  it('stop within two seconds at Ctrl-C, which their exit codes show, and nothing is left', async () => {
    const run = shop.run(REHEARSAL, withRunners(3, NAMESPACE))
    await run.until(({ kind }) => kind === 'load-frame')
    run.signal('SIGINT')
    const { code } = await run.ended
    expect([code, verdictOf(run).verdict.kind]).toEqual([4, 'aborted'])
    const [requested] = await recordsOfKind(run, 'stop-requested')
    const ends = await recordsOfKind(run, 'load-ended')
    // 103: k6 was stopped through its REST API.
    expect(ends.map(({ instance, outcome, exitCode }) => [instance, outcome, exitCode])).toEqual(
      [0, 1, 2].map((index) => [`runner-${index}`, 'stopped', 103]),
    )
    const took = Math.max(...ends.map(({ at }) => at)) - (requested?.at ?? 0)
    expect(took).toBeGreaterThan(0)
    expect(took).toBeLessThan(2000)
    expect(await left()).toBe('')
  }, 240_000)
})

describe('a shop with seeded defects', () => {
  it('fails under causes of its own: no second carrier, and a queue that loses orders', async () => {
    await shop.setEnv('storefront', 'FALLBACK=off')
    await shop.setEnv('dispatch', 'LOSES_EVERY=20')
    const run = shop.run(REHEARSAL)
    const { code, stderr } = await run.ended
    expect(code, stderr).toBe(1)
    const causes = causesOf(verdictOf(run))
    expect(causes).toContain('failover-missing')
    expect(causes).toContain('events-lost')
  }, 240_000)
})
