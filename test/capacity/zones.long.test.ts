/** A search with one zone less on a real cluster: the zone is empty under every load, and has its nodes back afterwards. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CapacityResult } from '../../src/capacity/result.ts'
import { runFolders } from '../../src/cli/run-folder.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { readJournal } from '../../src/journal/read.ts'
import { matchday, type TestLab, testLab } from '../support/lab.ts'

let lab: TestLab
const folder = mkdtempSync(join(tmpdir(), 'md-zones-'))
beforeAll(async () => {
  lab = await testLab()
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await lab?.down()
})

const CORDONED = ['get', 'nodes', '-o', 'jsonpath={range .items[?(@.spec.unschedulable==true)]}{.metadata.name} {end}']

/** A load that holds, and nothing to search: what is shown is the zone. `zones`: how many of them may be lost. */
function files(zones: number): string {
  writeFileSync(
    join(folder, 'zones.rehearsal.yaml'),
    `apiVersion: matchday.dev/v1
kind: Rehearsal
metadata: {name: zones}
spec:
  hypothesis: Nothing is judged here.
  target: {contexts: [lab]}
  load: {script: ${join(process.cwd(), 'scenarios/promo-peak.ts')}, arrivals: {login: 2/s}}
  blastRadius: {namespaces: [casino, providers], pods: 60%, zones: ${zones}}
  timeline:
    - {phase: steady, for: 10s, load: 1x}
  slos:
    - {sli: login, objective: 50%}
`,
  )
  const path = join(folder, 'zones.capacity.yaml')
  writeFileSync(
    path,
    `apiVersion: matchday.dev/v1
kind: Capacity
metadata: {name: zones}
spec:
  rehearsal: zones.rehearsal.yaml
  withZones: N-1
  search: {from: 1x, most: 1x, settle: 1s, measure: 10s, hold: 10s, holds: 1, rest: 30s}
`,
  )
  return path
}

const search = (zones: number, ...flags: readonly string[]) =>
  matchday(
    lab,
    'capacity',
    files(zones),
    '--lab',
    '--target',
    lab.target,
    '--reports',
    join(folder, 'reports'),
    ...flags,
  )

describe('a search with one zone less', () => {
  it('is refused, with the lines of both files, where the rehearsal may not lose a zone', async () => {
    const { code, stderr } = await search(0)
    expect(code).toBe(2)
    expect(stderr).toMatch(/zones\.capacity\.yaml:6 blast-radius-exceeded\n.* in 1 zones; this rehearsal allows 0\./)
    expect(await lab.kubectl(...CORDONED)).toBe('')
  })

  it('drains the zone before the first load, and gives its nodes back at the end', async () => {
    const { code, stdout, stderr } = await search(1, '-o', 'json')
    if (stdout === '') throw new Error(stderr)
    const result = JSON.parse(stdout) as CapacityResult
    expect(code, stderr).toBe(0)
    const { withoutZone = '', summary, healed } = result
    expect(summary).toMatch(
      new RegExp(`^Without ${withoutZone}: it carries at least [\\d.]+x \\([\\d.]+/s\\) with odds of 95 %`),
    )
    expect(withoutZone).toMatch(/^zone-[abc]$/)
    const [run = ''] = runFolders(join(folder, 'reports'))
    const records: Evidence[] = []
    for await (const { record } of readJournal(join(run, 'journal.ndjson'))) records.push(record)
    const drained = records.findIndex((each) => each.kind === 'action-step' && each.step.is === 'done')
    const load = records.findIndex(({ kind }) => kind === 'block-started')
    expect([drained >= 0, load > drained]).toEqual([true, true])
    expect(podsIn(withoutZone, records.slice(0, load))).toEqual([])
    expect(records.flatMap((each) => (each.kind === 'undo-done' ? [each.outcome] : []))).toContain('undone')
    expect([healed, await lab.kubectl(...CORDONED)]).toEqual([true, ''])
  }, 480_000)
})

/** Pods of the target that serve on nodes of the zone, as the watch has seen them last. */
function podsIn(zone: string, records: readonly Evidence[]): readonly string[] {
  const nodes = new Set<string>()
  const pods = new Map<string, string>()
  for (const record of records) {
    if (record.kind !== 'object-seen') continue
    const { object, change } = record
    if (object.resource === 'Node' && object.zone === zone) nodes.add(object.name)
    if (object.resource !== 'Pod') continue
    if (change === 'deleted' || !object.ready) pods.delete(object.name)
    else pods.set(object.name, object.node ?? '')
  }
  return [...pods].filter(([, node]) => nodes.has(node)).map(([name]) => name)
}
