/**
 * A changed pod template restarts both members of the wallet's database, and the primary hands over to the standby meanwhile, or not: it depends on which is
 * faster. A rehearsal that promotes a member by its name needs the other one to be the primary.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestLab } from '../support/lab.ts'

export const FIRST = 'wallet-db-0'
// A standby can take over some seconds after it was restarted.
const WITHIN_MS = 60_000
const LOOK_EVERY_MS = 500

type RoleData = { readonly primary?: string; readonly leader?: string; readonly observed?: string }

export const promotesByName = (rehearsal: string): boolean =>
  readFileSync(rehearsal, 'utf8').includes('promote: {database: wallet-db,')

/** @throws Error when the first member does not become the primary in time */
export async function untilFirstLeads({ kubectl }: Pick<TestLab, 'kubectl'>): Promise<void> {
  const record = ['-n', 'casino', 'configmap', 'wallet-db-role'] as const
  const deadline = performance.now() + WITHIN_MS
  for (;;) {
    const { data = {} } = JSON.parse(await kubectl('get', ...record, '-o', 'json')) as { data?: RoleData }
    const { primary, leader, observed } = data
    if ([primary, leader, observed].every((pod) => pod === FIRST)) return
    if (performance.now() > deadline) throw new Error(`${leader} is the primary of wallet-db, and not ${FIRST}`)
    if (primary !== FIRST) await kubectl('patch', ...record, '--patch', JSON.stringify({ data: { primary: FIRST } }))
    await sleep(LOOK_EVERY_MS)
  }
}
