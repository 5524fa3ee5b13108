/** A search on real k6 and a server with a known limit. It judges time, so it has the machine alone. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { CapacityResult } from '../../src/capacity/result.ts'
import { performed } from '../support/command.ts'
import { type SlotServer, slotServer } from './slot-server.ts'

let server: SlotServer | undefined
afterEach(async () => {
  await server?.close()
})

async function search(): Promise<{ readonly code: number; readonly result: CapacityResult }> {
  const reports = mkdtempSync(join(tmpdir(), 'capacity-'))
  const words = ['--url', server?.url ?? '', '--reports', reports, '--quiet', '-o', 'json']
  const { code, stdout } = await performed('capacity', 'test/capacity/orders.capacity.yaml', ...words)
  return { code, result: JSON.parse(stdout) as CapacityResult }
}

describe('matchday capacity', () => {
  it('finds the limit of four slots of 100 ms within a tenth, and promises less', async () => {
    server = await slotServer({ slots: 4, serviceMs: 100 })
    const { code, result } = await search()
    expect(result.end).toMatchObject({ kind: 'found', limitedBy: 'platform', recovery: 'recovered' })
    if (result.end.kind !== 'found') throw new Error(result.summary)
    // 4 slots × 10 a second; load 1 is 10 a second.
    expect(result.end.estimate.median).toBeGreaterThan(3.6)
    expect(result.end.estimate.median).toBeLessThan(4.4)
    expect(result.end.promise).toBeLessThanOrEqual(4)
    expect(result.end.promise).toBeGreaterThan(3)
    expect(code).toBe(0)
  }, 900_000)

  it('names a server that stays down after an overload', async () => {
    server = await slotServer({ slots: 4, serviceMs: 100, metastable: true })
    const { code, result } = await search()
    expect(result).toMatchObject({ end: { kind: 'metastable' } })
    expect(code).toBe(1)
  }, 900_000)
})
