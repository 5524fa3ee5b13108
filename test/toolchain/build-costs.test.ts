import { describe, expect, it } from 'vitest'
import { expectedBuilds } from '../../src/toolchain/build-costs.ts'
import { STANDARD_TOOLS, TOOL_GROUPS, TOOLS } from '../../src/toolchain/tools.ts'

const sum = (values: readonly number[]) => values.reduce((total, each) => total + each, 0)
const standard = STANDARD_TOOLS.map((name) => TOOLS[name])
const minutes = (tools: typeof standard, cores: number) =>
  sum(expectedBuilds(tools, cores).map(({ ms }) => ms ?? Number.NaN)) / 60_000

describe('what builds cost', () => {
  it('is for all that every run needs what was measured: seven minutes of two cores, 3.8 GB and 0.5 GB', () => {
    const builds = expectedBuilds(standard, 2)
    expect(minutes(standard, 2)).toBeCloseTo(418 / 60)
    expect(sum(builds.map(({ compiledBytes }) => compiledBytes)) / 1e9).toBeCloseTo(3.8, 1)
    expect(sum(builds.map(({ programBytes }) => programBytes)) / 1e9).toBeCloseTo(0.5, 1)
  })

  it.each([
    [1, 2],
    [4, 0.5],
    [8, 0.25],
    [64, 0.25],
  ])('takes on %i cores %f times as long as on two', (cores, factor) => {
    expect(minutes(standard, cores) / minutes(standard, 2)).toBeCloseTo(factor)
  })

  it('is more for a program that is the first of its module, because nothing is compiled for it yet', () => {
    const [alone] = expectedBuilds([TOOLS['kube-scheduler']], 2)
    const [, after] = expectedBuilds([TOOLS['kube-apiserver'], TOOLS['kube-scheduler']], 2)
    expect(alone?.packages).toBe(1454)
    expect(after?.packages).toBe(6)
    expect(alone?.ms).toBeGreaterThan(10 * (after?.ms ?? Number.NaN))
  })

  it('says KEDA takes longer than all of these', () => {
    const keda = TOOL_GROUPS.keda.map((name) => TOOLS[name])
    expect(minutes(keda, 2)).toBeGreaterThan(minutes(standard, 2))
  })

  it('has no time for a program that nobody has measured', () => {
    expect(expectedBuilds([TOOLS.kwok], 2)[0]).not.toHaveProperty('ms')
  })
})
