/** The controller dies at every step of a cutover, and heal leaves one region that accepts writes and names it. The regions are three ConfigMaps. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { matchday, startRunOn, type TestLab, testLab } from '../support/lab.ts'

const rehearsal = `apiVersion: matchday.dev/v1
kind: Rehearsal
metadata: {name: crash-cutover}
spec:
  hypothesis: Whoever dies, one region accepts writes.
  target: {contexts: [lab]}
  load: {script: ${join(process.cwd(), 'test/rehearsals/idle.ts')}, arrivals: {login: 1/s}}
  blastRadius: {namespaces: [casino], pods: 50%, zones: 1}
  timeline: [{phase: steady, for: 5m, load: 1x}]
  actions:
    - name: go east
      during: steady
      at: 0s
      cutover:
        plan: eastward
        writes: login
        rto: 4m
        budgets: {ready: 30s, freeze: 30s, drain: 30s, catchUp: 30s, promote: 30s, warm: 30s, traffic: 30s, thaw: 30s}
  slos: [{sli: login, objective: 50%}]
`

const config = (name: string, key: string, value?: string) =>
  `{configMap: {namespace: casino, name: crash-${name}, key: ${key}${value === undefined ? '' : `, value: ${JSON.stringify(value)}`}}}`
const is = (name: string, key: string, value: string) => `{read: ${config(name, key)}, is: ${JSON.stringify(value)}}`
const cutovers = `  cutovers:
    eastward:
      from: {name: west, namespace: casino, writable: ${is('west', 'writes', 'on')}}
      to: {name: east, namespace: casino, writable: ${is('east', 'writes', 'on')}}
      steps:
        ready: {proofs: [${is('entry', 'ready', 'yes')}]}
        freeze: {switches: [${config('west', 'writes', 'off')}], proofs: [${is('entry', 'freeze', 'yes')}], undo: restore}
        drain: {proofs: [{read: ${config('west', 'underWay')}, atMost: 0}, ${is('entry', 'drain', 'yes')}]}
        catchUp: {proofs: [{read: ${config('east', 'lsn')}, sameAs: ${config('west', 'lsn')}}, ${is('entry', 'catch-up', 'yes')}]}
        promote:
          switches: [${config('west', 'role', 'fenced')}, ${config('east', 'role', 'primary')}]
          proofs: [${is('entry', 'promote', 'yes')}]
          undo: failsForward
        warm: {switches: [${config('east', 'caches', 'warm')}], proofs: [${is('entry', 'warm', 'yes')}], undo: []}
        traffic: {switches: [${config('entry', 'serves', 'east')}], proofs: [${is('entry', 'traffic', 'yes')}], undo: restore}
        thaw: {switches: [${config('east', 'writes', 'on')}], proofs: [${is('entry', 'thaw', 'yes')}], undo: restore}
`
const STEPS = ['ready', 'freeze', 'drain', 'catch-up', 'promote', 'warm', 'traffic', 'thaw'] as const

let lab: TestLab
const [file, target] = [
  () => join(lab.reports, 'cutover.rehearsal.yaml'),
  () => join(lab.reports, 'cutover-target.yaml'),
]
const configMap = (name: string, data: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `crash-${name}`, namespace: 'casino' },
  data,
})
async function apply(...objects: readonly object[]): Promise<void> {
  const path = join(lab.reports, 'cutover-objects.json')
  writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  await lab.kubectl('apply', '-f', path)
}
const dataOf = async (name: string): Promise<Record<string, string>> =>
  JSON.parse(await lab.kubectl('get', 'configmap', `crash-${name}`, '-n', 'casino', '-o', 'json')).data
const proven = (but?: string) => Object.fromEntries(STEPS.map((step) => [step, step === but ? 'no' : 'yes']))

beforeAll(async () => {
  lab = await testLab()
  writeFileSync(file(), rehearsal)
  writeFileSync(target(), `${readFileSync(lab.target, 'utf8').trimEnd()}\n${cutovers}`)
  mkdirSync(join(lab.reports, 'no-journal'))
})
beforeEach(async () => {
  await apply(
    configMap('west', { writes: 'on', role: 'primary', underWay: '0', lsn: '0/9' }),
    configMap('east', { writes: 'off', role: 'standby', caches: 'cold', lsn: '0/9' }),
  )
})
afterAll(async () => {
  await lab?.kubectl(
    'delete',
    'configmap',
    'crash-west',
    'crash-east',
    'crash-entry',
    '-n',
    'casino',
    '--ignore-not-found',
  )
  await lab?.down()
})

const WEST = { outcome: 'undone', note: 'writes go to west, and to no other region' }
const EAST = { outcome: 'completed', note: 'writes go to east, and to no other region' }

describe('kill -9 of the controller during a cutover', () => {
  it.each([
    ['ready', WEST, 'the journal'],
    ['freeze', WEST, 'the cluster'],
    ['drain', WEST, 'the journal'],
    ['catch-up', WEST, 'the cluster'],
    ['promote', EAST, 'the cluster'],
    ['warm', EAST, 'the cluster'],
    ['traffic', EAST, 'the journal'],
    ['thaw', EAST, 'the cluster'],
  ] as const)('at %s: heal leaves one region that accepts writes', async (name, ends, source) => {
    await apply(configMap('entry', { serves: 'west', ...proven(name) }))
    const run = startRunOn(lab, file(), '--lab', '--target', target())
    await run.until(
      (record) => record.kind === 'action-step' && record.step.is === 'cutover-begun' && record.step.step === name,
    )
    run.signal('SIGKILL')
    await run.ended
    await apply(configMap('entry', { ...(await dataOf('entry')), ...proven() }))
    const reports = source === 'the journal' ? `${run.folder()}/..` : join(lab.reports, 'no-journal')
    const healed = await matchday(lab, 'heal', '--lab', '--target', target(), '--reports', reports, '--output', 'json')
    expect([healed.stderr, healed.code]).toEqual(['', 0])
    const { healed: all, left } = JSON.parse(healed.stdout)
    expect([all.map(({ outcome, note }: typeof ends) => ({ outcome, note })), left]).toEqual([[ends], []])
    const [west, east, entry] = await Promise.all(['west', 'east', 'entry'].map(dataOf))
    const onward = ends === EAST
    expect([west?.writes, east?.writes, east?.caches, entry?.serves]).toEqual(
      onward ? ['off', 'on', 'warm', 'east'] : ['on', 'off', 'cold', 'west'],
    )
  })
})
