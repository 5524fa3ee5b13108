import { expect, it } from 'vitest'
import { ratio } from '../../../src/domain/units.ts'
import { gatingStatistics } from '../../../src/judge/blocks/measures.ts'
import { settings } from '../../support/evidence-blocks.ts'

const availability = {
  kind: 'availability',
  sli: 'checkout',
  objective: ratio(0.998),
  at: { file: 'a.yaml', line: 1, column: 1 },
} as const

it.each([
  ['of its SLI', { margin: { latency: 0.15, rate: 0.01 }, margins: { checkout: { rate: 0.02 } } }, 0.02],
  ['of all rates', { margin: { latency: 0.15, rate: 0.01 } }, 0.01],
  ['which by default is the error budget of the objective', { margin: { latency: 0.15 } }, 0.002],
])('an availability objective gates with the margin %s', (_, rules, margin) => {
  const [statistic] = gatingStatistics([availability], { ...settings, ...rules })
  expect(statistic).toMatchObject({ sli: 'checkout', kind: 'rate', gates: true })
  expect(statistic?.margin).toBeCloseTo(margin, 9)
})
