/** A cutover as the adapter performs it, against an API server with two small regions behind it: its steps, its way back, and its end after any death. */
import { describe, expect, it } from 'vitest'
import { regions } from '../../../src/adapters/kubernetes/actions/cutover.ts'
import type { CutoverPlace } from '../../../src/domain/cutover.ts'
import type { ActionStepData, Undo } from '../../../src/domain/evidence.ts'
import { millis, seconds } from '../../../src/domain/units.ts'
import { actionOf } from '../../support/evidence-actions.ts'
import { cutoverAct, eastward } from '../../support/evidence-cutover.ts'
import {
  base,
  CONFIG,
  eastOnly,
  LOG,
  perform,
  platform,
  ROUTE,
  type Stored,
  shownBy,
  targetOf,
  westOnly,
} from '../../support/two-regions.ts'

const FEATURE = {
  kind: 'field',
  apiVersion: 'v1',
  plural: 'configmaps',
  namespace: 'shop-west',
  name: 'orders',
  field: ['data', 'writes'],
} as const

/** Both regions accept writes then. */
function writeInEast({ regions: { east }, objects }: Awaited<ReturnType<typeof platform>>): void {
  const config = objects.get(CONFIG('east'))
  if (east === undefined || config?.data === undefined) throw new Error('there is an east')
  east.role = 'primary'
  config.data.writes = 'on'
}

describe('a cutover', () => {
  it('performs its steps in order, and leaves one region that accepts writes', async () => {
    const shop = await platform()
    const { undo, steps, outcome } = await perform(shop)
    expect(outcome).toBe('done')
    expect(shownBy(steps)).toEqual([
      'ready',
      'freeze',
      'drain',
      'book old-drained',
      'catch-up',
      'book old-before',
      'promote',
      'west no, east no',
      'book old-after',
      'book new',
      'traffic',
      '50 %',
      '100 %',
      'thaw',
      'west no, east yes',
    ])
    expect(steps.find((step) => step.is === 'cutover-proven' && step.step === 'catch-up')).toMatchObject({
      note: 'lsn of orders.shop-east:8080/database is 9, and lsn of orders.shop-west:8080/database is 9',
    })
    expect((await shop.actions().residue(targetOf(eastward))).map(({ where }) => where)).toEqual([LOG])
    await shop.actions().keep(undo, seconds(5))
    eastOnly(shop)
    expect(await shop.actions().residue(targetOf(eastward))).toEqual([])
  })

  it('whose standby does not catch up is taken back', async () => {
    const shop = await platform({ lag: 2 })
    const { undo, steps, outcome } = await perform(shop)
    expect(outcome).toBe(
      'catch-up of the standby was not proven: lsn of orders.shop-east:8080/database is 7, and lsn of orders.shop-west:8080/database is 9',
    )
    expect(shownBy(steps)).toEqual([
      'ready',
      'freeze',
      'drain',
      'book old-drained',
      'catch-up',
      'book old-before',
      'stopped at catch-up, back',
    ])
    expect(await shop.actions().undo(undo, seconds(5))).toBe('undone')
    westOnly(shop)
    expect(await shop.actions().undo(undo, seconds(5))).toBe('undone')
  })

  const begun = (name: string) => (step: ActionStepData) => step.is === 'cutover-begun' && step.step === name
  const proven = (name: string) => (step: ActionStepData) => step.is === 'cutover-proven' && step.step === name
  const back = ['ready', 'freeze', 'drain', 'catch-up']
  const onward = ['promote', 'traffic', 'thaw']

  it.each([
    ...back.flatMap((name) => [
      [`${name} begins`, begun(name), 'undone', westOnly] as const,
      [`${name} is proven`, proven(name), 'undone', westOnly] as const,
    ]),
    ...onward.flatMap((name) => [
      [`${name} begins`, begun(name), 'completed', eastOnly] as const,
      [`${name} is proven`, proven(name), 'completed', eastOnly] as const,
    ]),
    [
      'half of the traffic has moved',
      (step: ActionStepData) => step.is === 'cutover-share',
      'completed',
      eastOnly,
    ] as const,
  ])('whose controller dies when %s is ended with one region that accepts writes', async (_, at, outcome, only) => {
    const shop = await platform()
    expect((await perform(shop, eastward, at)).outcome).toBe('killed')
    // Without the journal: the cluster itself shows what is left.
    const [left] = await shop.actions().leftovers(targetOf(eastward))
    expect(left?.run).toBe('run-7')
    expect(await shop.actions().undo(left?.undo as Undo, seconds(5))).toBe(outcome)
    only(shop)
    expect(await shop.actions().leftovers(targetOf(eastward))).toEqual([])
  })

  it('with a way back from every step goes back from the last one', async () => {
    const { promote } = eastward.steps
    const [fence] = promote.switches
    const place: CutoverPlace = {
      ...eastward,
      steps: {
        ...eastward.steps,
        promote: { ...promote, undo: { kind: 'switches', switches: fence === undefined ? [] : [fence] } },
      },
    }
    const shop = await platform({ fences: false })
    expect((await perform(shop, place, proven('thaw'))).outcome).toBe('killed')
    const [left] = await shop.actions().leftovers(targetOf(place))
    expect(await shop.actions().undo(left?.undo as Undo, seconds(5))).toBe('undone')
    westOnly(shop)
  })

  it('is not healed while both regions accept writes, and says so', async () => {
    const shop = await platform({ fences: false })
    const { undo, steps } = await perform(shop, eastward, begun('thaw'))
    expect(steps.some((step) => step.is === 'cutover-stopped')).toBe(false)
    const west = shop.objects.get(CONFIG('west'))
    if (west?.data) west.data.writes = 'on'
    await expect(shop.actions().undo(undo, seconds(1))).rejects.toThrow('both regions accept writes: east and west')
    expect(shop.objects.has(LOG)).toBe(true)
  })

  it('whose steps in the cluster were deleted is not called healed while no region accepts writes', async () => {
    const shop = await platform()
    const { undo } = await perform(shop, eastward, proven('freeze'))
    shop.objects.delete(LOG)
    await expect(shop.actions().undo(undo, seconds(5))).rejects.toThrow(/was deleted, and no region accepts writes$/)
  })

  it('does not begin if the new region accepts writes already', async () => {
    const shop = await platform()
    const { west } = shop.regions
    if (west === undefined) throw new Error('there is a west')
    writeInEast(shop)
    const begun = 'the cutover did not begin, and nothing was changed: '
    await expect(perform(shop)).rejects.toThrow(`${begun}both regions accept writes: west and east`)
    west.fenced = true
    await expect(perform(shop)).rejects.toThrow(`${begun}east accepts writes, and west should`)
    expect(shop.objects.has(LOG)).toBe(false)
  })

  it('does not begin, and changes nothing, if the log of another run exists', async () => {
    const shop = await platform()
    const left = { metadata: { name: 'matchday-cutover-eastward', labels: { 'matchday.dev/run': 'run-6' } } }
    shop.objects.set(LOG, left)
    await expect(perform(shop)).rejects.toThrow(`${LOG} exists already; run run-6 left it`)
    expect(shop.objects.get(LOG)).toEqual(left)
  })

  it('does not treat two empty positions as equal', async () => {
    const shop = await platform()
    const positionIn = (region: string) => ({ ...FEATURE, namespace: `shop-${region}`, field: ['data', 'position'] })
    for (const region of ['west', 'east']) {
      const config = shop.objects.get(CONFIG(region))
      if (config?.data !== undefined) config.data.position = ''
    }
    const proof = { reading: positionIn('east'), wants: { kind: 'same-as', reading: positionIn('west') } } as const
    const place: CutoverPlace = {
      ...eastward,
      steps: { ...eastward.steps, 'catch-up': { ...eastward.steps['catch-up'], proofs: [proof] } },
    }
    const { steps } = await perform(shop, place, undefined, { stepMs: millis(400) })
    expect(shownBy(steps).at(-1)).toBe('stopped at catch-up, back')
    expect(steps.find((step) => step.is === 'cutover-stopped')).not.toHaveProperty('differs')
  })

  it('does not complete if no region accepts writes after the thaw', async () => {
    const shop = await platform()
    const { east } = shop.regions
    if (east === undefined) throw new Error('there are two regions')
    east.fenced = true
    const [reading, value] = [{ ...FEATURE, namespace: 'shop-east' }, 'on'] as const
    const place: CutoverPlace = {
      ...eastward,
      steps: {
        ...eastward.steps,
        thaw: { ...eastward.steps.thaw, proofs: [{ reading, wants: { kind: 'is', value } }] },
      },
    }
    const { undo, steps } = await perform(shop, place, undefined, { stepMs: millis(400) })
    expect(shownBy(steps).at(-1)).toBe('stopped at thaw, onward')
    await expect(shop.actions().undo(undo, millis(300))).rejects.toThrow('no region accepts writes')
    east.fenced = false
    expect(await shop.actions().undo(undo, seconds(5))).toBe('completed')
    eastOnly(shop)
  })

  it('thaws the old region even if another switch of the freeze cannot be undone', async () => {
    const shop = await platform()
    const JOBS = '/api/v1/namespaces/shop-west/configmaps/jobs'
    shop.objects.set(JOBS, { metadata: { name: 'jobs' }, data: { run: 'yes' } })
    const { freeze } = eastward.steps
    const jobs = { ...FEATURE, name: 'jobs', field: ['data', 'run'], value: 'no' }
    const place: CutoverPlace = {
      ...eastward,
      steps: { ...eastward.steps, freeze: { ...freeze, switches: [...freeze.switches, jobs] } },
    }
    const { undo } = await perform(shop, place, proven('freeze'))
    shop.objects.delete(JOBS)
    await expect(shop.actions().undo(undo, seconds(1))).rejects.toThrow(`${JOBS} does not exist`)
    expect([shop.writes('west'), shop.objects.has(LOG)]).toEqual([true, true])
  })

  it('records why a book could not be read', async () => {
    const shop = await platform()
    const book = { book: 'wallet', namespace: 'shop-east', service: 'gone', port: 8080 }
    const { steps, outcome } = await perform(shop, { ...eastward, book })
    expect(outcome).toBe('done')
    expect(steps.find((step) => step.is === 'region-book-unread')).toMatchObject({
      region: 'new',
      problem: expect.stringContaining('503'),
    })
  }, 20_000)

  it('does not take a Service without pods for a freeze', async () => {
    const shop = await platform()
    const proof = {
      reading: {
        kind: 'status',
        method: 'POST',
        namespace: 'shop-west',
        service: 'gone',
        port: 8080,
        path: '/trial-write',
      },
      wants: { kind: 'is', value: 503 },
    } as const
    const place: CutoverPlace = {
      ...eastward,
      steps: { ...eastward.steps, freeze: { ...eastward.steps.freeze, proofs: [proof] } },
    }
    const { steps } = await perform({ ...shop }, place)
    expect(steps.find((step) => step.is === 'cutover-stopped')).toMatchObject({
      step: 'freeze',
      ends: 'back',
      unread: true,
    })
  }, 20_000)
})

describe('a cutover, before anything is touched', () => {
  const { kind: _, plan, ...goals } = cutoverAct
  const issueIn = async (change: (shop: Awaited<ReturnType<typeof platform>>) => void) => {
    const shop = await platform()
    change(shop)
    const wanted = { on: 'regions', plan, goals } as const
    const action = actionOf('go east', cutoverAct)
    return (await regions.problem({ api: shop.api, action, change: wanted, target: targetOf(eastward) }))?.code
  }

  it.each<[string, (shop: Awaited<ReturnType<typeof platform>>) => void, string | undefined]>([
    ['with all that it needs', () => undefined, undefined],
    ['whose route is not there', ({ objects }) => objects.delete(ROUTE), 'object-missing'],
    ['whose switch is not there', ({ objects }) => objects.delete(CONFIG('east')), 'object-missing'],
    ['that another run left', ({ objects }) => objects.set(LOG, { metadata: { name: 'x' } }), 'object-exists'],
    ['whose new region accepts writes', writeInEast, 'region-writes-already'],
  ])('%s', async (_name, change, code) => {
    expect(await issueIn(change)).toBe(code)
  })
})

describe('a ConfigMap of a dead cutover that somebody changed', () => {
  type Moves = { step: string; moves: Record<string, unknown>[] }[]
  /** Dies in the freeze; then its ways are changed. Answers what heal would undo, and what it would say. */
  async function changed(change: (ways: { back: Moves; onward: Moves }) => unknown) {
    const shop = await platform()
    await perform(shop, eastward, (step) => step.is === 'cutover-begun' && step.step === 'drain')
    const log = shop.objects.get(LOG) as Stored
    const ways = JSON.parse(log.data?.undo ?? '')
    change(ways)
    shop.objects.set(LOG, { ...log, data: { ...log.data, undo: JSON.stringify(ways) } })
    const target = targetOf(eastward)
    const [left, residue] = await Promise.all([shop.actions().leftovers(target), shop.actions().residue(target)])
    return [left.length, residue.map(({ what }) => what)]
  }
  const first = (moves: Moves) => moves[0]?.moves[0] ?? {}
  const DOUBTED = `a cutover of run run-7 whose ConfigMap asks for other changes than its plan in ${base.file}`

  it.each<[string, number, string, (ways: { back: Moves; onward: Moves }) => unknown]>([
    [
      'is healed if nothing but a value differs',
      1,
      'a cutover of run run-7 that did not end',
      ({ back }) => Object.assign(first(back), { value: 'other' }),
    ],
    ['may not name another object', 0, DOUBTED, ({ back }) => Object.assign(first(back), { name: 'secrets' })],
    [
      'may not name another field',
      0,
      DOUBTED,
      ({ back }) => Object.assign(first(back), { field: ['metadata', 'labels', 'x'] }),
    ],
    ['may not write a whole object', 0, DOUBTED, ({ back }) => Object.assign(first(back), { value: { a: 'b' } })],
    ['may not call another service', 0, DOUBTED, ({ onward }) => Object.assign(first(onward), { service: 'payments' })],
    ['may not add a step', 0, DOUBTED, ({ back }) => back.push({ step: 'ready', moves: [] })],
  ])('%s', async (_, left, what, change) => {
    expect(await changed(change)).toEqual([left, [what]])
  })

  it('is not believed either if it is no JSON', async () => {
    const shop = await platform()
    await perform(shop, eastward, (step) => step.is === 'cutover-begun' && step.step === 'drain')
    const log = shop.objects.get(LOG) as Stored
    shop.objects.set(LOG, { ...log, data: { ...log.data, undo: '{' } })
    const target = targetOf(eastward)
    expect(await shop.actions().leftovers(target)).toEqual([])
    expect((await shop.actions().residue(target)).map(({ what }) => what)).toEqual([DOUBTED])
  })
})
