import { describe, expect, it } from 'vitest'
import { killsAmong } from './groups.ts'

/** Which of `count` mutants are killed, and the groups that were tried. */
async function tried(count: number, isKilled: (index: number) => boolean, first = 1, most?: number) {
  const groups: (readonly number[])[] = []
  const attempt = async (group: readonly number[]) => {
    groups.push(group)
    return { kill: group.some(isKilled) ? group[0] : undefined, hidden: [] }
  }
  const kills = await killsAmong([...Array(count).keys()], attempt, first, most)
  return { kills: kills.toSorted((a, b) => a - b), groups }
}

describe('groups of mutants', () => {
  it.each([
    ['none of a hundred', () => false, [], 7],
    ['one of a hundred', (index: number) => index === 70, [70], 20],
    ['the first and the last', (index: number) => index % 99 === 0, [0, 99], 21],
  ] as const)('take few runs where a test kills %s', async (_, isKilled, kills, most) => {
    const { kills: found, groups } = await tried(100, isKilled)
    expect(found).toEqual(kills)
    expect(groups.length).toBeLessThanOrEqual(most)
  })

  it('take one run where a test kills none, if the first group holds all', async () => {
    expect((await tried(100, () => false, 100)).groups).toHaveLength(1)
  })

  it('take one run each where a test kills all, and where no group may be larger', async () => {
    const all = await tried(20, () => true)
    expect([all.kills.length, all.groups.length]).toEqual([20, 20])
    const single = await tried(20, (index) => index === 7, 20, 1)
    expect([single.kills, single.groups.length]).toEqual([[7], 20])
  })

  it('count a kill only by one mutant alone: two that fail together live', async () => {
    const attempt = async (group: readonly number[]) => ({ kill: group.length > 1 ? group[0] : undefined, hidden: [] })
    expect(await killsAmong([0, 1, 2], attempt, 3)).toEqual([])
  })

  it('try those again whose places did not run with the others', async () => {
    const groups: (readonly number[])[] = []
    const attempt = async (group: readonly number[]) => {
      groups.push(group)
      const [active = 0, ...hidden] = group // the first one hides the others
      return { kill: active === 2 ? active : undefined, hidden }
    }
    expect(await killsAmong([0, 1, 2], attempt, 3)).toEqual([2])
    expect(groups).toEqual([[0, 1, 2], [1, 2], [2]])
  })

  it('end where no place runs at all', async () => {
    const attempt = async (group: readonly number[]) => ({ kill: undefined, hidden: group })
    expect(await killsAmong([0, 1, 2], attempt, 3)).toEqual([])
  })
})
