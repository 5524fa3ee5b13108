import { describe, expect, it } from 'vitest'
import { createLending } from './lending.ts'

type Kind = 'empty' | 'platform' | 'none'

/** What was done at each place, in order. */
function lendingWithLog(places: number, single: readonly Kind[] = []) {
  const log: string[] = []
  const lending = createLending<Kind>({
    places,
    single,
    boot: async (kind, place) => {
      if (kind === 'none') return undefined
      log.push(`${kind} up at ${place}`)
      return { down: async () => void log.push(`${kind} down at ${place}`) }
    },
  })
  return { log, lending }
}

/** Whether it is settled once everything that can happen has happened. */
const isSettled = async (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => true), new Promise<false>((resolve) => setImmediate(() => resolve(false)))])

describe('labs that files share', () => {
  it('are kept for the next one who wants such a lab', async () => {
    const { log, lending } = lendingWithLog(2)
    const first = await lending.lend('empty')
    first.giveBack()
    expect((await lending.lend('empty')).place).toBe(first.place)
    expect(log).toEqual(['empty up at 0'])
  })

  it('are lent to one at a time, and others get the next place or wait', async () => {
    const { log, lending } = lendingWithLog(2)
    const [one, other] = [await lending.lend('platform'), await lending.lend('platform')]
    expect([one.place, other.place]).toEqual([0, 1])
    const third = lending.lend('empty')
    expect(await isSettled(third)).toBe(false)
    other.giveBack()
    expect((await third).place).toBe(1)
    expect(log.slice(2)).toEqual(['platform down at 1', 'empty up at 1'])
  })

  it('of a kind of which there is to be one are waited for, while others are served', async () => {
    const { log, lending } = lendingWithLog(2, ['platform'])
    const first = await lending.lend('platform')
    const second = lending.lend('platform')
    expect((await lending.lend('empty')).place).toBe(1)
    expect(await isSettled(second)).toBe(false)
    first.giveBack()
    expect((await second).place).toBe(0)
    expect(log).toEqual(['platform up at 0', 'empty up at 1'])
  })

  it('make way where a file wants a place of its own', async () => {
    const { log, lending } = lendingWithLog(1)
    ;(await lending.lend('empty')).giveBack()
    await lending.lend('none')
    expect(log).toEqual(['empty up at 0', 'empty down at 0'])
  })

  it('are all gone but the one of a file that wants to be alone, and nobody gets another before', async () => {
    const { log, lending } = lendingWithLog(2)
    const [one, other] = [await lending.lend('empty'), await lending.lend('platform')]
    const alone = lending.lend('platform', true)
    one.giveBack()
    const next = lending.lend('empty')
    expect([await isSettled(alone), await isSettled(next)]).toEqual([false, false])
    other.giveBack()
    expect((await alone).place).toBe(1)
    expect(log.slice(2)).toEqual(['empty down at 0'])
    expect(await isSettled(next)).toBe(false)
    ;(await alone).giveBack()
    expect((await next).place).toBe(0)
  })

  it('are told not to be had when a boot fails, and the place is free again', async () => {
    let tries = 0
    const lending = createLending<Kind>({
      places: 1,
      boot: async () => {
        if (tries++ === 0) throw new Error('no etcd')
        return { down: async () => undefined }
      },
    })
    await expect(lending.lend('empty')).rejects.toThrow('no etcd')
    await expect(lending.lend('empty')).resolves.toMatchObject({ place: 0 })
  })
})
