/** The limit of a platform on the lab, known from its slots, is found twice, and what is promised holds. It has the machine alone. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CapacityResult } from '../../../src/capacity/result.ts'
import { matchday, type TestLab, testLab } from '../../support/lab.ts'

const FOLDER = 'test/capacity/lab'
/** Deposits a second at load 1 (slots.rehearsal.yaml). */
const BASE = 5
/** Two slots, and 100 ms at the provider: what no network takes longer. */
const SLOTS_ALLOW_AT_MOST = 2 / 0.1

let lab: TestLab
const reports = mkdtempSync(join(tmpdir(), 'md-capacity-'))
beforeAll(async () => {
  lab = await testLab()
  await lab.become([`${FOLDER}/two-slots`])
})
afterAll(async () => {
  rmSync(reports, { recursive: true, force: true })
  await lab?.down()
})

/** `taken`: the most that was taken at any load, those included that were too high. That is what the slots allow. */
type Estimate = { readonly median: number; readonly promise: number; readonly taken: number }

/** Deposits a second. */
async function searched(seed: number): Promise<Estimate> {
  const flags = ['--lab', '--target', lab.target, '--reports', reports, '--seed', String(seed)]
  const { code, stdout, stderr } = await matchday(
    lab,
    'capacity',
    `${FOLDER}/slots.capacity.yaml`,
    ...flags,
    '-o',
    'json',
  )
  if (stdout === '') throw new Error(stderr)
  const { end, summary, bottleneck, loads } = JSON.parse(stdout) as CapacityResult
  expect(end, summary).toMatchObject({ kind: 'found', limitedBy: 'platform', recovery: 'recovered' })
  expect(code, summary).toBe(0)
  if (end.kind !== 'found') throw new Error(summary)
  expect(bottleneck).toMatchObject({ kind: 'utilization', name: 'slots' })
  const taken = Math.max(
    ...loads.map(({ objectives, measuredSeconds }) => (objectives[0]?.within ?? 0) / measuredSeconds),
  )
  return { median: end.estimate.median * BASE, promise: end.promise * BASE, taken }
}

/** Exit codes of two-minute runs at this load. */
async function held(deposits: number, times: number): Promise<readonly (number | null)[]> {
  const path = `${FOLDER}/promised.rehearsal.yaml`
  const text = readFileSync(`${FOLDER}/slots.rehearsal.yaml`, 'utf8').replace(
    'deposit: 5/s',
    `deposit: ${deposits.toFixed(2)}/s`,
  )
  writeFileSync(path, text)
  const codes: (number | null)[] = []
  try {
    for (let run = 1; run <= times; run++) {
      const { code } = await matchday(
        lab,
        'run',
        path,
        '--lab',
        '--target',
        lab.target,
        '--reports',
        reports,
        '--quiet',
      )
      codes.push(code)
    }
  } finally {
    rmSync(path)
  }
  return codes
}

describe('capacity on the lab', () => {
  const found: Estimate[] = []

  it.each([{ seed: 1 }, { seed: 2 }])(
    'is what the slots allow, within 5 % (search $seed)',
    async ({ seed }) => {
      const estimate = await searched(seed)
      found.push(estimate)
      expect(estimate.taken).toBeLessThan(SLOTS_ALLOW_AT_MOST)
      expect(estimate.taken).toBeGreaterThan(SLOTS_ALLOW_AT_MOST * 0.85)
      expect(estimate.median).toBeGreaterThan(estimate.taken * 0.95)
      expect(estimate.median).toBeLessThan(estimate.taken * 1.05)
      expect(estimate.promise).toBeLessThanOrEqual(estimate.median)
    },
    1_500_000,
  )

  it('a promise holds in at least nine of ten later runs of two minutes', async () => {
    const [first] = found
    if (first === undefined) throw new Error('nothing was promised')
    const codes = await held(first.promise, 10)
    expect(codes.filter((code) => code === 0).length, codes.join(' ')).toBeGreaterThanOrEqual(9)
  }, 2_400_000)
})
