/** A cutover that dies with any of its requests, or whose step is not proven in time, and heal that dies too: one region accepts writes at the end. */
import { describe, expect, it } from 'vitest'
import { type CutoverPlace, type CutoverStep, cutoverSteps, endsOnward } from '../../../src/domain/cutover.ts'
import type { ActionStepData, Undo } from '../../../src/domain/evidence.ts'
import { millis, seconds } from '../../../src/domain/units.ts'
import { eastward } from '../../support/evidence-cutover.ts'
import {
  eastOnly,
  LOG,
  type Platform,
  perform,
  platform,
  type Stored,
  shownBy,
  targetOf,
  westOnly,
} from '../../support/two-regions.ts'

const service = { namespace: 'shop-east', service: 'orders', port: 8080 }
const warm: CutoverPlace = {
  ...eastward,
  steps: {
    ...eastward.steps,
    warm: {
      switches: [{ kind: 'call', ...service, path: '/warm-up' }],
      proofs: [
        { reading: { kind: 'status', method: 'GET', ...service, path: '/warm' }, wants: { kind: 'is', value: 200 } },
      ],
      undo: { kind: 'switches', switches: [] },
    },
  },
}

/** What heal finds in the cluster, without a journal. */
async function healed(shop: Platform): Promise<string> {
  const [left] = await shop.actions().leftovers(targetOf(warm))
  return left === undefined ? 'nothing left' : shop.actions().undo(left.undo, seconds(5))
}

/** The region that accepts writes, gets the requests, and is what heal says. */
function regionOf(shop: Platform, outcome: string): string {
  const onward = outcome === 'completed'
  const only = onward ? eastOnly : westOnly
  only(shop)
  return onward ? 'east' : 'west'
}

const isBegun = (name: CutoverStep) => (step: ActionStepData) => step.is === 'cutover-begun' && step.step === name

describe('a cutover whose controller dies', () => {
  it('changes the platform by some twenty requests', async () => {
    const shop = await platform()
    expect((await perform(shop, warm)).outcome).toBe('done')
    expect(shop.asked()).toBeGreaterThan(20)
  })

  it.each([
    ['that the API server has performed', undefined],
    ['that never arrived', 'refused'],
  ] as const)(
    'with any request %s is ended with one region that accepts writes',
    async (_, last) => {
      const whole = await platform()
      await perform(whole, warm)
      const deaths = Array.from({ length: whole.asked() }, async (_, index) => {
        const shop = await platform()
        const dies = new AbortController()
        shop.onRequest((nth) => {
          if (nth === index + 1) dies.abort(new Error('killed'))
          return nth === index + 1 ? last : undefined
        })
        const { outcome } = await perform(shop, warm, undefined, { dies })
        shop.onRequest(() => undefined)
        return `${outcome === 'done' ? 'done' : 'killed'}: ${regionOf(shop, await healed(shop))}`
      })
      const ends = await Promise.all(deaths)
      const turns = ends.findIndex((each) => each.endsWith('east'))
      // Back at first, onward from the promotion on.
      expect(ends.map((each, index) => [index >= turns ? 'east' : 'west', each])).toEqual(
        ends.map((each) => [each.split(': ')[1], each]),
      )
      expect(new Set(ends)).toEqual(new Set(['killed: west', 'killed: east']))
    },
    120_000,
  )

  it.each([
    ['back', 'drain', westOnly],
    ['onward', 'promote', eastOnly],
  ] as const)(
    'and whose way %s dies with any request is ended by the next heal',
    async (_, name, only) => {
      const dead = async () => {
        const shop = await platform()
        await perform(shop, warm, isBegun(name))
        return shop
      }
      const whole = await dead()
      const begun = whole.asked()
      await healed(whole)
      const deaths = Array.from({ length: whole.asked() - begun }, async (_, index) => {
        const shop = await dead()
        const before = shop.asked()
        const [left] = await shop.actions().leftovers(targetOf(warm))
        shop.onRequest((nth) => (nth > before + index ? 'refused' : undefined))
        await expect(shop.actions().undo(left?.undo as Undo, millis(300))).rejects.toThrow()
        shop.onRequest(() => undefined)
        await shop.actions().undo(left?.undo as Undo, seconds(5))
        only(shop)
      })
      expect(deaths.length).toBeGreaterThan(3)
      await Promise.all(deaths)
    },
    60_000,
  )

  it('is not ended while its ConfigMap does not say which step it had reached', async () => {
    const shop = await platform()
    const { undo } = await perform(shop, warm, isBegun('catch-up'))
    const log = shop.objects.get(LOG) as Stored
    shop.objects.set(LOG, { ...log, data: { ...log.data, reached: 'catchup' } })
    await expect(shop.actions().undo(undo, seconds(1))).rejects.toThrow(
      /does not say which step the cutover had reached: its key reached is "catchup"\. Write the last step that began there \(ready, freeze, /,
    )
    expect([shop.writes('west'), shop.writes('east')]).toEqual([false, false])
    shop.objects.set(LOG, { ...log, data: { ...log.data, reached: 'catch-up' } })
    expect(await shop.actions().undo(undo, seconds(5))).toBe('undone')
    westOnly(shop)
  })

  it('after its end names the region that accepts writes', async () => {
    const shop = await platform()
    const { undo } = await perform(shop, warm)
    await shop.actions().keep(undo, seconds(5))
    expect(await shop.actions().undo(undo, seconds(5))).toBe('completed')
  })
})

describe('a cutover with a step that is not proven in time', () => {
  const GATE = '/api/v1/namespaces/shop-west/configmaps/gate'
  /** The step waits for a gate as well. */
  const gated = (name: CutoverStep): CutoverPlace => {
    const field = {
      apiVersion: 'v1',
      plural: 'configmaps',
      namespace: 'shop-west',
      name: 'gate',
      field: ['data', 'is'],
    }
    const step = warm.steps[name]
    const proof = { reading: { kind: 'field', ...field }, wants: { kind: 'is', value: 'open' } } as const
    return { ...warm, steps: { ...warm.steps, [name]: { ...step, proofs: [...step.proofs, proof] } } }
  }
  const gate = (shop: Platform, is: string) => shop.objects.set(GATE, { metadata: { name: 'gate' }, data: { is } })

  it.each(cutoverSteps)('(%s) has its way back, or is completed when the step can be proven', async (name) => {
    const shop = await platform()
    gate(shop, 'shut')
    const onward = endsOnward(name, 'promote')
    const { undo, steps, outcome } = await perform(shop, gated(name), undefined, { stepMs: millis(400) })
    expect(outcome).toMatch(/ was not proven: data\.is of configmaps\/shop-west\/gate is "shut"/)
    expect(shownBy(steps).at(-1)).toBe(`stopped at ${name}, ${onward ? 'onward' : 'back'}`)
    if (onward) {
      await expect(shop.actions().undo(undo, millis(300))).rejects.toThrow(/ was not proven: data\.is of /)
      expect(shop.writes('west')).toBe(false)
      expect(shop.objects.has(LOG)).toBe(true)
      gate(shop, 'open')
    }
    expect(await shop.actions().undo(undo, seconds(5))).toBe(onward ? 'completed' : 'undone')
    if (onward) eastOnly(shop)
    else westOnly(shop)
  })
})
