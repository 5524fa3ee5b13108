/** A small rehearsal by the installed package: a team's own script, on a cluster that a kubeconfig leads to. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type TestLab, testLab } from '../support/lab.ts'
import { type Installed, installPackage } from './installed.ts'

let lab: TestLab
let team: Installed
beforeAll(async () => {
  lab = await testLab()
  team = installPackage('test/package/team')
}, 600_000)
afterAll(async () => {
  team?.remove()
  await lab?.down()
})

it('performs and judges a rehearsal from an empty folder, with the libraries of the package alone', () => {
  const target = join(team.folder, 'targets/lab.yaml')
  const { entry } = parse(readFileSync(lab.target, 'utf8')).spec
  writeFileSync(target, readFileSync(target, 'utf8').replace(/entry: .*/, `entry: ${entry}`))
  const { status, stdout, stderr } = team.matchday(
    [
      ...['run', 'lab.rehearsal.yaml', '--context', 'lab', '--kubeconfig', lab.handle.kubeconfig],
      ...['--target', 'targets/lab.yaml', '--output', 'json'],
    ],
    { timeoutMs: 110_000 },
  )
  expect(stdout, stderr).not.toBe('')
  const verdict = JSON.parse(stdout)
  expect(verdict).toMatchObject({ rehearsal: 'lab', healed: true, slos: [{ sli: 'browse', whole: { attempts: 62 } }] })
  expect(verdict.slos[0].whole.good).toBeGreaterThan(49)
  // A busy machine may leave the load short of processor time. Then the run says so, and nothing else on its own.
  const gaps: readonly { readonly cause: string; readonly follows?: unknown }[] = verdict.verdict.gaps ?? []
  const causes = gaps.filter(({ follows }) => follows === undefined).map(({ cause }) => cause)
  expect([[0], [3, 'generator-starved']]).toContainEqual([status, ...causes])
})
