/** A URL as a target: only the load is measured. */
import type { Target } from '../domain/rehearsal.ts'
import { seconds } from '../domain/units.ts'

/** Without a cluster there are no autoscalers to wait for, and nothing is read. */
export const targetOfUrl = (url: string): Target => ({
  context: 'url',
  file: '--url',
  namespace: 'default',
  entry: url.replace(/\/+$/, ''),
  hpaSyncMs: seconds(0),
  loadFactor: 1,
  sources: {},
  books: [],
  followUps: {},
  providerCalls: [],
  unreadyWithinMs: seconds(0),
  databases: {},
  addresses: {},
})
