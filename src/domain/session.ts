/** What a journal of blocks is for. Each kind of session has its own settings and its own judge. */
import type { CapacitySession } from './capacity.ts'
import type { CompareSession } from './comparison.ts'

export type Session = CompareSession | CapacitySession
