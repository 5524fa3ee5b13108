/** Two releases on the lab, compared both at once: equal, a fifth slower, and failing 0.3 % of its requests. Each has the machine alone. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Comparison } from '../../../src/domain/comparison.ts'
import { matchday, type TestLab, testLab } from '../../support/lab.ts'

const FOLDER = 'test/controller/compare'
const BOTH = ['src/platform/manifests/canary', `${FOLDER}/next`]
const MINUTES = 60_000

let lab: TestLab
const folder = mkdtempSync(join(tmpdir(), 'md-releases-'))
beforeAll(async () => {
  lab = await testLab()
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await lab?.down()
})

const NEXT = ['get', 'gateway', 'next', '-n', 'casino', '-o', 'jsonpath={.status.addresses[0].value}']

/** The stock target with both releases, held at the same number of pods. */
async function target(): Promise<string> {
  const address = await lab.kubectl(...NEXT)
  const path = join(folder, 'lab.yaml')
  const releases = (entry: string) => `releases:
    stable: {entry: '${entry}', pin: {deployment: gateway, replicas: 2}}
    next: {entry: 'http://${address}:9080', pin: {deployment: gateway-canary, replicas: 2}}`
  const stock = readFileSync(lab.target, 'utf8')
  writeFileSync(
    path,
    stock.replace(/^ {2}entry: (.+)$/m, (line, entry: string) => `${line}\n  ${releases(entry.replaceAll("'", ''))}`),
  )
  return path
}

type Compared = { readonly code: number | null; readonly tookMs: number; readonly comparison: Comparison }

async function compared(...defects: readonly string[]): Promise<Compared> {
  await lab.become([...BOTH, ...defects.map((name) => `${FOLDER}/${name}`)])
  const reports = join(folder, defects.join('-') || 'equal')
  const flags = ['--lab', '--target', await target(), '--a', 'stable', '--b', 'next', '--duet', '--seed', '3']
  const startedAt = performance.now()
  const { code, stdout, stderr } = await matchday(
    lab,
    'compare',
    `${FOLDER}/gateway.rehearsal.yaml`,
    ...flags,
    ...['--reports', reports, '-o', 'json'],
  )
  if (stdout === '') throw new Error(stderr)
  return { code, tookMs: performance.now() - startedAt, comparison: JSON.parse(stdout) as Comparison }
}

const objective = ({ objectives }: Comparison, kind: 'latency' | 'rate') =>
  objectives.find((each) => each.kind === kind)

describe('two releases on the lab', () => {
  it('that are equal are proven not worse', async () => {
    const { code, tookMs, comparison } = await compared()
    expect([comparison.outcome, code], comparison.summary).toEqual(['not-worse', 0])
    expect(tookMs).toBeLessThan(10 * MINUTES)
  }, 900_000)

  it('are told apart when one is a fifth slower', async () => {
    const { code, tookMs, comparison } = await compared('next-slower')
    expect([comparison.outcome, code], comparison.summary).toEqual(['regressed', 1])
    expect(objective(comparison, 'latency')).toMatchObject({ state: 'regressed' })
    expect(tookMs).toBeLessThan(10 * MINUTES)
  }, 900_000)

  it('are told apart when one fails 0.3 % of its requests', async () => {
    const { code, tookMs, comparison } = await compared('next-fails')
    expect([comparison.outcome, code], comparison.summary).toEqual(['regressed', 1])
    expect(objective(comparison, 'rate')).toMatchObject({ state: 'regressed' })
    expect(tookMs).toBeLessThan(10 * MINUTES)
  }, 900_000)
})
