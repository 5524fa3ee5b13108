import { describe, expect, it } from 'vitest'
import { Switches } from './switches.ts'
import { type Finding, Trying } from './trying.ts'

const FILES = ['src/plan/a.ts', 'src/plan/a.ts', 'src/plan/b.ts']
const named = { testFile: 'test/plan/a.test.ts', name: 'counts' }

function begun(
  tried: readonly number[] = [0, 1, 2],
  testCpuMs = Number.POSITIVE_INFINITY,
  groupMax = Number.POSITIVE_INFINITY,
) {
  const switches = new Switches(FILES.length)
  const findings: Finding[] = []
  const order = {
    files: FILES,
    tried,
    log: '',
    current: '',
    testCpuMs,
    share: 1,
    groupMax,
  }
  const groups: (readonly number[])[] = []
  const trying = new Trying(
    order,
    switches,
    (finding) => findings.push(finding),
    (group) => groups.push(group),
  )
  const told = () => findings.filter(({ kind }) => kind !== 'took')
  return { switches, trying, told, groups }
}

const must = (isRight: boolean): void => {
  if (!isRight) throw new Error('wrong')
}

describe('trying mutants', () => {
  it('kills those that make a test fail, and tries only those that the test runs', async () => {
    const { switches, trying, told } = begun()
    await trying.test(named, () => {
      switches.isActive(1)
      must(!switches.isActive(0))
    })
    expect(told()).toEqual([
      { kind: 'reached', indices: [0, 1] },
      { kind: 'different', indices: [0, 1] },
      { kind: 'killed', index: 0, by: 'test/plan/a.test.ts counts' },
    ])
  })

  it('throws what a test throws without a mutant', async () => {
    const { trying } = begun()
    await expect(trying.test(named, () => must(false))).rejects.toThrow('wrong')
  })

  it('counts no kill by a test that fails when it is repeated', async () => {
    const { switches, trying, told } = begun()
    let runs = 0
    await trying.test(named, () => {
      switches.isActive(0)
      runs += 1
      must(runs < 2)
    })
    expect(told()).toEqual([
      { kind: 'reached', indices: [0] },
      { kind: 'different', indices: [0] },
      { kind: 'unsteady', test: 'test/plan/a.test.ts counts' },
    ])
  })

  it('does not repeat a test that takes too long', async () => {
    const { switches, trying, told } = begun([0], 0)
    await trying.test(named, () => must(!switches.isActive(0)))
    expect(told()).toEqual([
      { kind: 'reached', indices: [0] },
      { kind: 'different', indices: [0] },
    ])
  })

  it('tries no mutant that gives the same values in the test', async () => {
    const { switches, trying, told } = begun()
    await trying.test(named, () => must(!switches.isActiveIfLooked(0)))
    expect(told()).toEqual([{ kind: 'reached', indices: [0] }])
  })

  it('ends an endless loop', async () => {
    const { switches, trying, told } = begun()
    await trying.test(named, () => {
      while (switches.isActive(0));
    })
    expect(told()).toContainEqual({ kind: 'endless', index: 0, by: 'test/plan/a.test.ts counts' })
  })

  it('tries a mutant of a constant with tests that run its module', async () => {
    const { switches, trying, told } = begun([0])
    let limit = switches.isActive(0) ? 3 : 2
    const anew = () => {
      limit = switches.isActive(0) ? 3 : 2
    }
    switches.addConstant(anew, () => {
      const kept = limit
      return () => {
        limit = kept
      }
    })
    trying.loaded(named.testFile)
    await trying.test(named, () => {
      switches.isActive(1) // another place of the module
      must(limit === 2)
    })
    expect(told()).toContainEqual({ kind: 'constants', indices: [0] })
    expect(told()).toContainEqual({ kind: 'killed', index: 0, by: 'test/plan/a.test.ts counts' })
    expect(limit).toBe(2)
  })

  it('tries a mutant of a constant also with a test that runs no place', async () => {
    const { switches, trying, told } = begun([0])
    let limit = 2
    const anew = () => {
      limit = switches.isActive(0) ? 3 : 2
    }
    switches.addConstant(anew, () => () => {
      limit = 2
    })
    trying.loaded(named.testFile)
    await trying.test(named, () => must(limit === 2))
    expect(told()).toContainEqual({ kind: 'killed', index: 0, by: 'test/plan/a.test.ts counts' })
  })

  it.each([
    [Number.POSITIVE_INFINITY, [[0, 1, 2]]],
    [1, [[0], [1], [2]]],
  ])('tries groups of up to %d at once', async (groupMax, expected) => {
    const { switches, trying, groups } = begun([0, 1, 2], Number.POSITIVE_INFINITY, groupMax)
    await trying.test(named, () => {
      for (const index of [0, 1, 2]) switches.isActive(index)
    })
    expect(groups).toEqual(expected)
  })

  it('tries those again whose places another one of their group kept from running', async () => {
    const { switches, trying, told, groups } = begun()
    await trying.test(named, () => {
      switches.isActive(0)
      if (!switches.isActive(1)) must(!switches.isActive(2))
    })
    expect(groups).toEqual([[0, 1, 2], [2]])
    expect(told()).toContainEqual({ kind: 'killed', index: 2, by: 'test/plan/a.test.ts counts' })
  })

  it('ends a loop whose steps are slow, long before it ran many places', async () => {
    const { switches } = begun()
    let steps = 0
    const looping = switches.withMutants([0], false, { hits: Number.POSITIVE_INFINITY, ms: 20 }, () => {
      while (switches.isActive(0)) steps += 1
    })
    await expect(looping).rejects.toThrow('a mutant does not end')
    expect(steps).toBeGreaterThan(0)
  })

  it('names the test file that runs a place while its tests are collected', () => {
    const { switches, trying, told } = begun()
    switches.isActive(2)
    trying.loaded(named.testFile)
    expect(told()).toEqual([{ kind: 'collected', indices: [2], testFile: named.testFile }])
  })
})
