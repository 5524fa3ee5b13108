import { it } from 'vitest'
import { holdContract } from './contract.ts'
import { otherNodes } from './nodes-at-hand.ts'
import { holdProcessContract } from './process-contract.ts'

const others = otherNodes()
for (const other of others) {
  holdContract(other)
  holdProcessContract(other)
}
if (others.length === 0) it.skip('the pod network under another Node: there is none on PATH', () => {})
