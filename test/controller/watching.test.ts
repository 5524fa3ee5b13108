import { describe, expect, it } from 'vitest'
import { askedSources } from '../../src/controller/watching.ts'
import { everythingPair, stockPair } from '../files/stock.ts'

describe('sources that a rule reads', () => {
  it('are those of witnesses, failovers and autoscalers, and those that count charges by outcome', () => {
    const { rehearsal, target } = stockPair()
    expect([...askedSources(rehearsal, target)].sort()).toEqual(['payments-api', 'psp-a', 'psp-b'])
  })

  it('are also those of reactions, pools and databases, and no others', () => {
    const { rehearsal, target } = everythingPair()
    expect([...askedSources(rehearsal, target)].sort()).toEqual(['payments-api', 'psp-a', 'wallet', 'wallet-db'])
  })
})
