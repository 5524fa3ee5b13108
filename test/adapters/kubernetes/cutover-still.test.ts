/** Before the promotion of a cutover the old region must be seen to have stopped writing: against an API server with two small regions behind it. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { untilStill } from '../../../src/adapters/kubernetes/actions/cutover-still.ts'
import type { CutoverPlace } from '../../../src/domain/cutover.ts'
import type { ActionStepData, Undo } from '../../../src/domain/evidence.ts'
import { instant, millis, seconds } from '../../../src/domain/units.ts'
import { eastward } from '../../support/evidence-cutover.ts'
import {
  CONFIG,
  eastOnly,
  LOG,
  type Platform,
  perform,
  platform,
  shownBy,
  targetOf,
  westOnly,
} from '../../support/two-regions.ts'
import { lookingClock } from '../../support/virtual-clock.ts'

const BACK = ['ready', 'freeze', 'drain', 'book old-drained', 'catch-up', 'book old-before', 'stopped at promote, back']
const { book: _, ...bookless } = eastward
const NOT_BEGUN = 'promotion and fencing did not begin: '
const POSITION = 'lsn of orders.shop-west:8080/database'
/** A budget for each step that is long enough for two readings, which are a second apart. */
const SHORT = { stepMs: seconds(1) }

/** Writes in the west although writes are switched off there, and the standby follows at once. Call the result to stop it; it also stops with the test. */
function writer({ regions: { west, east } }: Platform): () => void {
  if (west === undefined || east === undefined) throw new Error('there are two regions')
  const clock = setInterval(() => {
    west.lsn += 1
    east.lsn = west.lsn
  }, 150)
  const stop = () => clearInterval(clock)
  onTestFinished(stop)
  return stop
}

/** Calls `then` when the catch-up is proven, and says whether it is. */
function caughtUp(then: () => void = () => undefined) {
  let is = false
  const at = (step: ActionStepData) => {
    if (step.is === 'cutover-proven' && step.step === 'catch-up') {
      is = true
      then()
    }
    return false
  }
  return { at, is: () => is }
}

const switchWrites = ({ objects }: Platform, writes: 'on' | 'off') => {
  const config = objects.get(CONFIG('west'))
  if (config?.data === undefined) throw new Error('there is a west')
  config.data.writes = writes
}
const noteOf = (steps: readonly ActionStepData[]) =>
  steps.flatMap((each) => (each.is === 'cutover-proven' && each.step === 'promote' ? [each.note] : []))
const problemsOf = (steps: readonly ActionStepData[]) =>
  steps.flatMap((each) => (each.is === 'cutover-stopped' ? [[each.problem, each.unread ?? false]] : []))

describe('before its promotion, a cutover', () => {
  it('sees that the old region accepts no writes and that its position stands still, and says so', async () => {
    const shop = await platform()
    const { steps, outcome } = await perform(shop)
    expect(outcome).toBe('done')
    expect(noteOf(steps)).toEqual([
      `west accepted no writes for 1s, and ${POSITION} stood still at 9; role of orders.shop-east:8080/database is "primary", wanted "primary"`,
    ])
  })

  it('promotes although the position of the old region still moves, and says so: vacuum and checkpoints move it too', async () => {
    const shop = await platform()
    writer(shop)
    const { steps, outcome } = await perform(shop, bookless, undefined, SHORT)
    expect(outcome).toBe('done')
    expect(noteOf(steps)[0]).toMatch(
      /^west accepted no writes for 1s, but lsn of orders\.shop-west:8080\/database went from \d+ to \d+; role of /,
    )
  })

  it('waits for writes that end in time', async () => {
    const shop = await platform()
    const stop = writer(shop)
    const { at } = caughtUp(() => setTimeout(stop, 1_500))
    const { steps, outcome } = await perform(shop, bookless, at, { stepMs: seconds(10) })
    expect(outcome).toBe('done')
    expect(noteOf(steps)[0]).toMatch(
      /^west accepted no writes for 1s, and .* stood still at \d\d \(and before that, west accepted .*, but .* went from .*\); role of /,
    )
  })

  it('goes back if the old region accepts writes again', async () => {
    const shop = await platform()
    const { at } = caughtUp(() => switchWrites(shop, 'on'))
    const { undo, steps, outcome } = await perform(shop, eastward, at, SHORT)
    const words = 'west still accepts writes: the status of POST orders.shop-west:8080/trial-write is 200'
    expect([outcome, shownBy(steps), shop.regions.east?.role]).toEqual([NOT_BEGUN + words, BACK, 'standby'])
    expect(await shop.actions().undo(undo, seconds(5))).toBe('undone')
    westOnly(shop)
  })

  it('goes back if the book of the old region has grown since the drain', async () => {
    const shop = await platform()
    const { at, is } = caughtUp()
    const { west, east } = shop.regions
    if (west === undefined || east === undefined) throw new Error('there are two regions')
    shop.onRequest((_, path) => {
      if (is() && path.endsWith('/books/cut')) west.lsn = east.lsn = 12
      return undefined
    })
    const { undo, steps, outcome } = await perform(shop, eastward, at)
    const words = 'west still writes: its book wallet grew from 9 to 12 operations after the drain'
    expect([outcome, shownBy(steps), shop.regions.east?.role]).toEqual([NOT_BEGUN + words, BACK, 'standby'])
    expect(await shop.actions().undo(undo, seconds(5))).toBe('undone')
    westOnly(shop)
  })

  it('goes back if the standby is behind again', async () => {
    const shop = await platform()
    const { at } = caughtUp(() => Object.assign(shop.regions.east ?? {}, { lsn: 8 }))
    const { outcome } = await perform(shop, eastward, at, SHORT)
    expect(outcome).toBe(`${NOT_BEGUN}lsn of orders.shop-east:8080/database is 8, and ${POSITION} is 9`)
    expect(shop.regions.east?.role).toBe('standby')
  })

  it('does not take a region that cannot be read for one that has stopped', async () => {
    const shop = await platform()
    const { at, is } = caughtUp()
    shop.onRequest((_, path) => (is() && path.includes('shop-west/services/orders:8080/') ? 'unready' : undefined))
    const { undo, steps, outcome } = await perform(shop, eastward, at, SHORT)
    expect(outcome).toMatch(
      /^promotion and fencing did not begin: the status of POST .*trial-write could not be read: /,
    )
    expect(problemsOf(steps)).toEqual([[expect.stringContaining('could not be read'), true]])
    expect([shownBy(steps).at(-1), shop.regions.east?.role]).toEqual(['stopped at promote, back', 'standby'])
    // Nobody knows whether it writes, so a person must look.
    await expect(shop.actions().undo(undo, millis(300))).rejects.toThrow(
      'whether west accepts writes could not be read',
    )
    expect(shop.objects.has(LOG)).toBe(true)
    shop.onRequest(() => undefined)
    expect(await shop.actions().undo(undo, seconds(5))).toBe('undone')
    westOnly(shop)
  }, 20_000)

  it('is checked by heal too, if an earlier step has no way back', async () => {
    const { freeze } = eastward.steps
    const place: CutoverPlace = {
      ...eastward,
      steps: { ...eastward.steps, freeze: { ...freeze, undo: { kind: 'forward' } } },
    }
    const shop = await platform()
    await perform(shop, place, (step) => step.is === 'cutover-begun' && step.step === 'drain')
    let tried = 0
    // The freeze is proven anew first.
    shop.onRequest((_, path) => {
      if (path.includes('shop-west') && path.endsWith('/trial-write') && ++tried > 1 && shop.regions.east)
        shop.regions.east.lsn = 8
      return undefined
    })
    const [left] = await shop.actions().leftovers(targetOf(place))
    await expect(shop.actions().undo(left?.undo as Undo, millis(300))).rejects.toThrow(
      /^promotion and fencing did not begin: lsn of orders.shop-east:8080.database is 8, and /,
    )
    expect(shop.regions.east?.role).toBe('standby')
    shop.onRequest(() => undefined)
    Object.assign(shop.regions.east ?? {}, { lsn: 9 })
    expect(await shop.actions().undo(left?.undo as Undo, seconds(10))).toBe('completed')
    eastOnly(shop)
  })
})

/** Looks at regions that change between two looks: `change` is told how many there were. The deadline is a minute away. */
async function looked(change: (shop: Platform, looks: number) => void, signal?: AbortSignal) {
  const shop = await platform()
  switchWrites(shop, 'off')
  change(shop, 0)
  const clock = lookingClock(0)
  let looks = 0
  const until: typeof clock.until = (at, ended) => {
    change(shop, ++looks)
    return clock.until(at, ended)
  }
  const ports = { api: shop.api, clock: { ...clock, until }, signal }
  const { held, words } = await untilStill(
    ports,
    eastward.from,
    eastward.steps['catch-up'].proofs,
    instant(seconds(60)),
  )
  return { held, words, second: clock.now() / 1000 }
}
const moveBoth = (shop: Platform, lsn: number | undefined) => {
  for (const region of Object.values(shop.regions)) Object.assign(region, { lsn })
}

describe('the look before a promotion', () => {
  it('is over after a second in which nothing moved', async () => {
    expect(await looked(() => undefined)).toMatchObject({ held: true, second: 1 })
  })

  it('does not wait until its deadline for a position that moves on', async () => {
    const { held, words, second } = await looked((shop, looks) => moveBoth(shop, looks))
    expect({ held, second }).toEqual({ held: true, second: 5 })
    expect(words).toMatch(/, but lsn of orders\.shop-west:8080\/database went from \d to \d$/)
  })

  it('waits longer for a region that accepts writes, and for a second without any', async () => {
    const { words, ...rest } = await looked((shop, looks) => switchWrites(shop, looks < 9 ? 'on' : 'off'))
    expect(rest).toEqual({ held: true, second: 10 })
    expect(words).toMatch(/ stood still at 9 \(and before that, west still accepts writes: /)
  })

  it('needs two readings of whether the old region accepts writes', async () => {
    const refuses = (shop: Platform, looks: number) => shop.onRequest(() => (looks === 0 ? 'unready' : undefined))
    expect(await looked(refuses)).toMatchObject({ held: true, second: 2 })
  })

  it('needs two readings of its position', async () => {
    const { words, ...rest } = await looked((shop, looks) => moveBoth(shop, looks === 0 ? undefined : 9))
    expect(rest).toEqual({ held: true, second: 2 })
    expect(words).toContain('could not be read')
  })

  it('ends with the run', async () => {
    const run = new AbortController()
    const dies = (_: Platform, looks: number) => {
      if (looks === 1) run.abort(new Error('killed'))
    }
    await expect(looked(dies, run.signal)).rejects.toThrow('killed')
  })
})
