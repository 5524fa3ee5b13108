import { expect } from 'vitest'
import { endpoints, evidence, nodes, standing, together } from '../../support/evidence.ts'
import { causesOf } from '../../support/judged.ts'
import { it, judge } from '../../support/reviewed.ts'

it('no rule of causes finds anything in the stock run', () => {
  expect(
    causesOf(
      judge(together(evidence(), nodes(), standing('bets', 'zone-a-api', 'zone-b-api'), [endpoints(0, 'bets', 2)])),
    ),
  ).toEqual([])
})
