/** `matchday compare` with real k6 against small HTTP servers on loopback, one of which is slower or fails. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { COMPARISON_FILE, judgeComparison } from '../../../src/cli/comparing.ts'
import { runFolders } from '../../../src/cli/run-folder.ts'
import type { Comparison } from '../../../src/domain/comparison.ts'
import { performed } from '../../support/command.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const FOLDER = 'test/controller/compare'
const shops: ChildProcess[] = []

afterAll(() => {
  for (const shop of shops) shop.stdin?.end()
})

/** The URL of a shop with this median of answers and share of errors. */
async function shop(medianMs: number, badShare: number, seed: number): Promise<string> {
  const child = spawn(process.execPath, ['test/support/shop.ts', `${medianMs}`, `${badShare}`, `${seed}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  shops.push(child)
  const port = await new Promise<string>((done) => child.stdout?.once('data', (text) => done(String(text).trim())))
  return `http://127.0.0.1:${port}`
}

type Ended = { readonly comparison: Comparison; readonly code: number; readonly folder: string }

/** Both at once: on a machine that others use too, only that tells the shops apart. */
async function compared(a: string, b: string, ...flags: readonly string[]): Promise<Ended> {
  const reports = tempFolder()
  const files = [
    join(FOLDER, 'shop.rehearsal.yaml'),
    '--target',
    join(FOLDER, 'shop.target.yaml'),
    '--reports',
    reports,
  ]
  const { code, stderr } = await performed(
    'compare',
    ...files,
    '--seed',
    '7',
    '--quiet',
    '--a',
    a,
    ...(b ? ['--b', b] : []),
    ...flags,
  )
  const [folder = ''] = runFolders(reports)
  if (!existsSync(join(folder, COMPARISON_FILE))) throw new Error(`nothing was compared: ${stderr}`)
  return { comparison: JSON.parse(readFileSync(join(folder, COMPARISON_FILE), 'utf8')) as Comparison, code, folder }
}

const objective = ({ objectives }: Comparison, kind: 'latency' | 'rate') =>
  objectives.find((each) => each.kind === kind)

describe('two releases that are measured in pairs', () => {
  it('are told apart when one is 30 % slower', async () => {
    const { comparison, code, folder } = await compared(await shop(120, 0, 1), await shop(156, 0, 2), '--duet')
    expect({ code, outcome: comparison.outcome }, comparison.summary).toEqual({ code: 1, outcome: 'regressed' })
    const latency = objective(comparison, 'latency')
    expect(latency).toMatchObject({ state: 'regressed', statistic: 'p95', gates: true })
    expect(latency?.estimate).toBeGreaterThan(1.1)
    expect(latency?.estimate).toBeLessThan(1.5)
    // Offline, from the journal alone, to the byte.
    expect(JSON.parse(JSON.stringify(await judgeComparison(folder)))).toEqual(comparison)
  }, 240_000)

  it('are told apart when one fails 4 % of its answers', async () => {
    const { comparison, code } = await compared(await shop(60, 0, 3), await shop(60, 0.04, 4), '--duet')
    expect({ code, outcome: comparison.outcome }, comparison.summary).toEqual({ code: 1, outcome: 'regressed' })
    const rate = objective(comparison, 'rate')
    expect(rate).toMatchObject({ state: 'regressed', statistic: 'bad share' })
    expect(rate?.estimate).toBeGreaterThan(0.02)
    expect(rate?.estimate).toBeLessThan(0.06)
  }, 240_000)

  it('are not worse when they are equal; a full machine proves nothing', async () => {
    const { comparison, code } = await compared(await shop(120, 0, 5), await shop(120, 0, 6), '--duet')
    expect(comparison.outcome, comparison.summary).not.toBe('regressed')
    const latency = objective(comparison, 'latency')
    expect(latency?.estimate).toBeGreaterThan(0.9)
    expect(latency?.estimate).toBeLessThan(1.1)
    if (comparison.gaps.length > 0)
      expect({ code, outcome: comparison.outcome }).toEqual({ code: 3, outcome: 'undecided' })
    else expect({ code, outcome: comparison.outcome }, comparison.summary).toEqual({ code: 0, outcome: 'not-worse' })
  }, 240_000)
})
