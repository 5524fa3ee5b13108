import { holdContract } from './contract.ts'
import { thisNode } from './nodes-at-hand.ts'

holdContract(thisNode())
