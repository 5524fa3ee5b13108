/**
 * A cutover between two regions with a real PostgreSQL each (support/region-shop.ts), and the way back. Seeded defects lose real writes, and the judge names
 * them.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/cli/clock.ts'
import type { CutoverPlace } from '../../src/domain/cutover.ts'
import type { Evidence, Undo } from '../../src/domain/evidence.ts'
import type { Target } from '../../src/domain/rehearsal.ts'
import type { PlannedAction } from '../../src/domain/timeline.ts'
import { millis, seconds } from '../../src/domain/units.ts'
import { judge } from '../../src/judge/judge.ts'
import { actionOf, withActions } from '../support/evidence-actions.ts'
import { cutoverAct, eastward } from '../support/evidence-cutover.ts'
import { runStarted, target as stock } from '../support/evidence-rehearsal.ts'
import { causesOf } from '../support/judged.ts'
import { type Opened, openShop, RUN, type Shop, SOON, storedIn } from './support/region-shop.ts'

let opened: Opened = []
afterEach(async () => {
  for (const close of opened.reverse()) await close()
  opened = []
})

/** Some forty writes. */
const writesGoOn = () => new Promise((resolve) => setTimeout(resolve, 1_000))

/** The plan with the regions exchanged. The route stays where it is. */
const westward = JSON.parse(
  JSON.stringify(eastward)
    .replace(/west|east/g, (name) => (name === 'west' ? 'east' : 'west'))
    .replace('"namespace":"shop-east","route"', '"namespace":"shop-west","route"'),
) as CutoverPlace

/** A target file: its books are those of the region that writes. */
const target = (writes: 'west' | 'east'): Target => ({
  ...stock,
  namespace: 'shop-west',
  books: [{ book: 'wallet', namespace: `shop-${writes}`, service: 'orders', port: 8080 }],
  cutovers: { eastward, westward },
})
const budgets = Object.fromEntries(
  Object.keys(cutoverAct.budgets).map((step) => [step, seconds(30)]),
) as typeof cutoverAct.budgets
const planOf = (from: 'west' | 'east') => (from === 'west' ? 'eastward' : 'westward')

/** Performs the cutover, heals or keeps it, and judges what was recorded. */
async function moved(
  { actions }: Pick<Shop, 'actions'>,
  from: 'west' | 'east' = 'west',
  shorter: Partial<typeof cutoverAct.budgets> = {},
) {
  const spec = actionOf('go', {
    ...cutoverAct,
    plan: planOf(from),
    budgets: { ...budgets, ...shorter },
    holdMs: millis(100),
  })
  const planned = { ...spec, atMs: millis(0) } as unknown as PlannedAction
  const records: Evidence[] = [{ ...runStarted(), rehearsal: withActions(spec), target: target(from) }]
  const prepared = await actions.prepare(RUN, target(from), planned, [`Region/${from}`])
  const nobodyAsks = () => Promise.reject(new Error('nobody asks'))
  const outcome = await prepared
    .perform(
      (step) => records.push({ kind: 'action-step', at: systemClock.now(), action: 'go', step }),
      new AbortController().signal,
      { preview: nobodyAsks, step: nobodyAsks },
    )
    .then(
      () => 'done',
      ({ message }: Error) => message,
    )
  const [undo] = prepared.undos
  if (outcome === 'done') await actions.keep(undo as Undo, seconds(5))
  const judgment = judge(records)
  const sentence = (kind: string) => judgment.actions[0]?.reactions.find((each) => each.kind === kind)?.sentence
  return { outcome, causes: causesOf(judgment, 'breach'), sentence, undo: undo as Undo }
}

const isStandby = async (server: Shop['admin']['east']): Promise<boolean> =>
  (await server.query('SELECT pg_is_in_recovery() AS standby')).rows[0].standby

const lostIn = (stored: ReadonlySet<string>, acknowledged: readonly string[]): readonly string[] =>
  acknowledged.filter((key) => !stored.has(key))

describe('a cutover between two real databases', () => {
  it('loses nothing: each write that was acknowledged in either region is in the new one', async () => {
    const platform = await openShop(opened, {})
    await writesGoOn()
    const { outcome, causes, sentence } = await moved(platform)
    expect([outcome, causes.filter((cause) => cause !== 'cutover-slow')]).toEqual(['done', []])
    expect(sentence('cutover-rpo')).toMatch(
      /^east has the same \d+ deposits as west, compared by digests of their keys \(RPO 0\)\.$/,
    )
    expect(sentence('freeze-holds')).toBe('west booked nothing after its writes had drained.')
    const before = platform.acknowledged.length
    await expect.poll(() => platform.acknowledged.length, SOON).toBeGreaterThan(before + 5)
    expect(lostIn(await storedIn(platform.client.east), platform.acknowledged.slice(0, before))).toEqual([])
  })

  it('goes back as a second cutover, when the first region was rebuilt as a standby of the second', async () => {
    const platform = await openShop(opened, {})
    await writesGoOn()
    expect((await moved(platform)).outcome).toBe('done')
    await platform.rebuildWest()
    const there = platform.acknowledged.length
    await expect.poll(() => platform.acknowledged.length, SOON).toBeGreaterThan(there + 5)
    const { outcome, causes, sentence } = await moved(platform, 'east')
    expect([outcome, causes.filter((cause) => cause !== 'cutover-slow')]).toEqual(['done', []])
    expect(sentence('cutover-rpo')).toMatch(/^west has the same \d+ deposits as east, .* \(RPO 0\)\.$/)
    expect(sentence('freeze-holds')).toBe('east booked nothing after its writes had drained.')
    const back = platform.acknowledged.length
    await expect.poll(() => platform.acknowledged.length, SOON).toBeGreaterThan(back + 5)
    expect(lostIn(await storedIn(platform.client.west), platform.acknowledged.slice(0, back))).toEqual([])
  })

  it('names a freeze that leaks, and promotes nothing', async () => {
    const platform = await openShop(opened, { leaks: true })
    await writesGoOn()
    const { outcome, causes, undo } = await moved(platform, 'west', { promote: seconds(3) })
    expect(outcome).toMatch(
      /^promotion and fencing did not begin: (west still writes: its book .* grew from \d+ to \d+|lsn of .* is 0\/\w+, and lsn of)/,
    )
    // Without a load nothing shows that the machine was not too slow for the step.
    expect(causes.filter((cause) => cause !== 'cutover-slow')).toEqual(['freeze-leaked'])
    expect(await isStandby(platform.admin.east)).toBe(true)
    expect(await platform.actions.undo(undo, seconds(30))).toBe('undone')
    const before = platform.acknowledged.length
    await expect.poll(() => platform.acknowledged.length, SOON).toBeGreaterThan(before + 5)
    expect(lostIn(await storedIn(platform.client.west), platform.acknowledged.slice(0, before))).toEqual([])
  })

  it('waits for a job that no freeze stops and no book shows: what it has written is in the new region', async () => {
    const platform = await openShop(opened, {})
    await platform.client.west.query("INSERT INTO accounts (name, kind) VALUES ('job', 'house')")
    let n = 0
    const tick = () =>
      platform.client.west.query("UPDATE accounts SET balance_cents = balance_cents + 1 WHERE name = 'job'").then(
        () => {
          n += 1
        },
        () => undefined,
      )
    const job = setInterval(tick, 100)
    opened.push(async () => clearInterval(job))
    await writesGoOn()
    setTimeout(() => clearInterval(job), 3_000)
    const { outcome, sentence } = await moved(platform)
    expect([outcome, sentence('cutover-rpo')]).toEqual(['done', expect.stringMatching(/\(RPO 0\)\.$/)])
    const { rows } = await platform.client.east.query("SELECT balance_cents::int AS n FROM accounts WHERE name = 'job'")
    expect([rows, n > 10]).toEqual([[{ n }], true])
  })

  it('promoted before the standby has caught up is named, with what is lost', async () => {
    const platform = await openShop(opened, { lies: true })
    platform.configure('pg_hba.conf', 'host replication all all reject')
    await platform.admin.west.query('SELECT pg_terminate_backend(pid) FROM pg_stat_replication')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const { outcome, causes, sentence } = await moved(platform)
    const lost = lostIn(await storedIn(platform.client.east), platform.acknowledged).length
    expect([outcome, causes.filter((cause) => cause !== 'cutover-slow'), lost > 5]).toEqual([
      'done',
      ['promoted-before-caught-up'],
      true,
    ])
    expect(sentence('cutover-rpo')).toMatch(
      /^east lacks \d+ deposits \(\d+\.\d\d EUR\) that west had booked before the promotion\.$/,
    )
  })
})
