import { describe, expect, it } from 'vitest'
import { createLine } from '../../src/platform/services/psp/line.ts'

/** Work that ends when it is told to. */
function job() {
  let end = () => {}
  const done = new Promise<void>((resolve) => {
    end = resolve
  })
  return { done, end }
}
const turns = () => new Promise((resolve) => setImmediate(resolve))

describe('the line in front of a provider', () => {
  it('does one at a time in the order in which they came, and counts all of them', async () => {
    const line = createLine(1)
    const begun: number[] = []
    const jobs = [job(), job(), job()]
    const all = jobs.map(({ done }, n) =>
      line.through(async () => {
        begun.push(n)
        await done
        return n
      }),
    )
    await turns()
    expect([begun, line.inFlight()]).toEqual([[0], 3])
    jobs[0]?.end()
    await turns()
    expect([begun, line.inFlight()]).toEqual([[0, 1], 2])
    jobs[1]?.end()
    jobs[2]?.end()
    expect(await Promise.all(all)).toEqual([0, 1, 2])
    expect(line.inFlight()).toBe(0)
  })

  it('gives the place to who waits, not to who comes just then', async () => {
    const line = createLine(1)
    const begun: string[] = []
    const first = job()
    const through = (name: string, done = Promise.resolve()) =>
      line.through(async () => {
        begun.push(name)
        await done
      })
    const all = [through('first', first.done), through('waits')]
    await turns()
    first.end()
    all.push(through('comes just then'))
    await Promise.all(all)
    expect(begun).toEqual(['first', 'waits', 'comes just then'])
  })

  it('goes on when a piece of work fails', async () => {
    const line = createLine(1)
    const failing = line.through(() => Promise.reject(new Error('no such card')))
    const next = line.through(async () => 'charged')
    await expect(failing).rejects.toThrow('no such card')
    expect(await next).toBe('charged')
    expect(line.inFlight()).toBe(0)
  })

  it('makes nobody wait without a limit', async () => {
    const line = createLine(0)
    const jobs = Array.from({ length: 100 }, job)
    const all = jobs.map(({ done }) => line.through(() => done))
    let begun = 0
    await line.through(async () => {
      begun += 1
    })
    expect([begun, line.inFlight()]).toEqual([1, 100])
    for (const { end } of jobs) end()
    await Promise.all(all)
  })
})
