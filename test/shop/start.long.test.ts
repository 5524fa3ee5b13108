/**
 * docs/how-to/start-in-your-own-repository.md, step by step, against a lab that runs the shop: the package in an empty folder, `init`, the marked lines, and a
 * verdict with the shop's own indicators.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Judgment } from '../../src/domain/verdict.ts'
import { type Installed, installPackage } from '../package/installed.ts'
import { causesOf } from '../support/lab.ts'
import { isStarved, type ShopLab, shopLab } from './shop-lab.ts'

let shop: ShopLab
beforeAll(async () => {
  shop = await shopLab()
}, 300_000)
afterAll(() => shop?.down())

type Marked = { readonly file: string; readonly line: number; readonly question: string }

/** What somebody decides, by words of the marked line. The rest of a line stays. */
const DECISIONS: readonly (readonly [RegExp, (line: string) => string])[] = [
  [/^ {2}entry: /, () => `  entry: ${shop.entry}`],
  [/arrivals: /, (line) => line.replaceAll('5/s', '4/s')],
  [/phase: peak/, (line) => line.replace('for: 90s', 'for: 60s')],
  [/objective: 99%/, (line) => line.replace('99%', '95%')],
  [/p95: 500ms/, (line) => line.replace('500ms', '1500ms')],
]

function decide({ file, line }: Marked, folder: string): void {
  const path = join(folder, file)
  const lines = readFileSync(path, 'utf8').split('\n')
  const text = lines[line - 1] ?? ''
  expect(text).toContain('DECIDE:')
  const edit = DECISIONS.find(([what]) => what.test(text))?.[1] ?? ((same: string) => same)
  lines[line - 1] = edit(text.replace(/ *(#|\/\/) DECIDE:.*/, ''))
  writeFileSync(path, lines.join('\n'))
}

describe('a team in an empty folder', () => {
  let team: Installed
  beforeAll(() => {
    team = installPackage(mkdtempSync(join(tmpdir(), 'md-')))
  }, 300_000)
  afterAll(() => team?.remove())

  it('gets from init to a verdict with the indicators of its own services by editing the marked lines alone', () => {
    const cluster = ['--context', 'lab', '--kubeconfig', shop.kubeconfig]
    const made = team.matchday(['init', '--namespace', 'shop', '--output', 'json', ...cluster])
    expect(made.status, made.stderr).toBe(0)
    const { rehearsal, decisions } = JSON.parse(made.stdout) as { rehearsal: string; decisions: readonly Marked[] }
    const planned = team.matchday(['plan', rehearsal, ...cluster])
    expect(planned.status, planned.stderr).toBe(0)
    for (const each of decisions) decide(each, team.folder)

    const checked = team.matchday(['check', rehearsal, ...cluster])
    // Findings about the shop's objects are no obstacle.
    expect([0, 1], checked.stdout + checked.stderr).toContain(checked.status)
    const { status, stdout, stderr } = team.matchday(['run', rehearsal, '--output', 'json', ...cluster], {
      timeoutMs: 240_000,
    })
    expect(stdout, stderr).not.toBe('')
    const judgment: Judgment = JSON.parse(stdout)
    expect(judgment).toMatchObject({
      rehearsal: 'storefront-pod-kill',
      healed: true,
      faults: [{ fault: 'one pod of storefront killed', state: 'proven' }],
    })
    expect(judgment.slos.map(({ sli, kind }) => `${sli} ${kind}`)).toEqual(['home availability', 'home latency'])
    // 4/s: 5 s up, 30 s, 10 s up to twice as many, 60 s, 5 s down, 30 s.
    expect(judgment.slos[0]?.whole.attempts).toBeGreaterThan(800)
    if (!isStarved(judgment)) expect([status, causesOf(judgment)]).toEqual([0, []])
  }, 420_000)
})
