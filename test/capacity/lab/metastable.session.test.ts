/** A platform that stays down after an overload is named, and the reader sees why it counts as down. It has the machine alone. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CapacityResult } from '../../../src/capacity/result.ts'
import { matchday, type TestLab, testLab } from '../../support/lab.ts'

const FOLDER = 'test/capacity/lab'
const SECONDS_MOST = 480

let lab: TestLab
const folder = mkdtempSync(join(tmpdir(), 'md-storm-'))
beforeAll(async () => {
  lab = await testLab()
  await lab.become([`${FOLDER}/retry-storm`])
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await lab?.down()
})

/** The stock target, which also reads the line in front of the provider: with calls in it the platform is not at rest. */
function targetWithLine(): string {
  const [stock, path] = [readFileSync(lab.target, 'utf8'), join(folder, 'lab.yaml')]
  writeFileSync(
    path,
    stock.replace('metrics: [psp_requests_total]', 'metrics: [psp_requests_total, psp_charges_in_flight]'),
  )
  return path
}

describe('a platform whose retries outlive the overload', () => {
  it('is metastable: down after the overload, at a load that it carries from rest', async () => {
    const startedAt = performance.now()
    const flags = ['--lab', '--target', targetWithLine(), '--reports', folder, '--seed', '1', '-o', 'json']
    const { code, stdout, stderr } = await matchday(lab, 'capacity', `${FOLDER}/storm.capacity.yaml`, ...flags)
    if (stdout === '') throw new Error(stderr)
    const { end, summary, loads } = JSON.parse(stdout) as CapacityResult
    expect(end, summary).toEqual({ kind: 'metastable', overload: 11.3, load: 6, held: 7.5 })
    expect(code, summary).toBe(1)
    const told = loads.map(({ purpose, load, outcome }) => `${purpose} ${load}x ${outcome}`)
    const climb = ['bracket 5x held', 'bracket 7.5x held', 'bracket 11.2x broke']
    expect(told).toEqual([...climb, 'recovery 6x broke', 'recovery 6x broke', 'again 6x held'])
    expect((performance.now() - startedAt) / 1000).toBeLessThan(SECONDS_MOST)
  }, 720_000)
})
