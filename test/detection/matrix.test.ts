/** Every row can be run: its files exist, its rehearsal plans without a cluster, and nothing in chaos/ is left unused. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { causes } from '../../src/domain/causes.ts'
import { formatIssue } from '../../src/domain/issue.ts'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { parseTarget } from '../../src/files/target.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import { comparisonSection, readCompared } from './comparisons.ts'
import { FIRST, promotesByName } from './first-primary.ts'
import { healthyTrials } from './healthy.ts'
import { readKept } from './kept.ts'
import { seededDefects } from './matrix.ts'
import { detectionPage } from './page.ts'
import { rowsOf, tasksOf } from './tasks.ts'

const files = { read: (path: string) => readFileSync(path, 'utf8') }
const kept = readKept()
const rows = rowsOf(seededDefects, healthyTrials)
const tasks = tasksOf(rows)

it('there are at least 56 seeded defects and 20 healthy runs, each with a name of its own', () => {
  expect(seededDefects.length).toBeGreaterThanOrEqual(56)
  expect(healthyTrials.length).toBeGreaterThanOrEqual(20)
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
})

it('rows that share a run take less time than one run each', () => {
  expect(tasks.flatMap((task) => task.rows).length).toBe(rows.length)
  expect(tasks.length).toBeLessThan(rows.length)
})

it('every seeded defect of the project has a row', () => {
  const known = new Set(seededDefects.map(({ defect }) => defect))
  const folders = globSync('test/canary/defects/*').map((path) => basename(path))
  expect(folders.filter((name) => !known.has(name))).toEqual([])
})

it('every cause that a row expects is one that the judge has', () => {
  const named = seededDefects.flatMap((each) => [...each.causes, ...(each.also ?? [])])
  expect(named.filter((cause) => !Object.hasOwn(causes, cause))).toEqual([])
})

describe('every run of the matrix', () => {
  const targets = new Map(tasks.map(({ rehearsal, target }) => [rehearsal, target ?? 'scenarios/targets/lab.yaml']))

  it.each([...targets])('can be planned without a cluster: %s', (path, file) => {
    const target = parseTarget(files, file)
    if (!target.ok) throw new Error(`${file} does not parse`)
    const parsed = parseRehearsal(files, path, target.value)
    expect(parsed.ok ? [] : parsed.issues.map(formatIssue)).toEqual([])
    if (!parsed.ok) return
    const planned = planTimeline(parsed.value, target.value, { run: 'matrix', seed: 1 })
    expect(planned.ok ? [] : planned.issues.map(formatIssue)).toEqual([])
  })

  it.each([...targets])('promotes a member that is not the primary already: %s', (path, file) => {
    const target = parseTarget(files, file)
    const parsed = target.ok ? parseRehearsal(files, path, target.value) : target
    const members = parsed.ok
      ? parsed.value.actions.flatMap(({ act }) => (act.kind === 'promote' ? [act.to] : []))
      : ['unknown']
    expect([members.includes(FIRST), promotesByName(path)]).toEqual([false, members.length > 0])
  })

  it.each([...new Set(tasks.flatMap(({ overlays }) => overlays))])('has its overlay: %s', (folder) => {
    const file = join(folder, 'kustomization.yaml')
    expect(existsSync(file)).toBe(true)
    const { kind, patches = [] } = parse(readFileSync(file, 'utf8')) as { kind: string; patches?: { path?: string }[] }
    // The KEDA overlay is a component too.
    expect(kind).toBe('Component')
    for (const { path } of patches) if (path !== undefined) expect(existsSync(join(folder, path)), path).toBe(true)
  })
})

it('every file of chaos/ is used by a stock or detection rehearsal', () => {
  const texts = globSync('{scenarios,test/detection,test/canary}/*.rehearsal.yaml').map((path) => files.read(path))
  const isUsed = (name: string): boolean => texts.some((text) => text.includes(`chaos/${name}\n`))
  expect(
    globSync('chaos/*.yaml')
      .map((path) => basename(path))
      .filter((name) => !isUsed(name)),
  ).toEqual([])
})

it('docs/detection.md says what was measured, and nothing else', () => {
  const page = detectionPage(rowsOf(seededDefects, healthyTrials, { kept }), kept, comparisonSection(readCompared()))
  expect(files.read('docs/detection.md'), 'npm run detect -- --list --page docs/detection.md').toBe(page)
})
