import { thisNode } from './nodes-at-hand.ts'
import { holdProcessContract } from './process-contract.ts'

holdProcessContract(thisNode())
