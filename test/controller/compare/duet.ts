/** Two releases of the gateway on the lab, compared both at once: what is seeded in the new one, and what must come out. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Comparison, ComparisonOutcome } from '../../../src/domain/comparison.ts'
import { matchday, type TestLab } from '../../support/lab.ts'

const FOLDER = 'test/controller/compare'
const BOTH = ['src/platform/manifests/canary', `${FOLDER}/next`]
const NEXT = ['get', 'gateway', 'next', '-n', 'casino', '-o', 'jsonpath={.status.addresses[0].value}']

export const DUET_REHEARSAL = `${FOLDER}/gateway.rehearsal.yaml`

export type Duet = {
  readonly name: string
  /** What is wrong with the new release: a kustomize component beside this file. */
  readonly defect?: string
  readonly expected: ComparisonOutcome
  /** The objective that must be found worse. */
  readonly worse?: 'latency' | 'rate'
}

export const duets: readonly Duet[] = [
  { name: 'the same release twice', expected: 'not-worse' },
  { name: 'a fifth slower', defect: 'next-slower', expected: 'regressed', worse: 'latency' },
  { name: '0.3 % of the requests fail', defect: 'next-fails', expected: 'regressed', worse: 'rate' },
]

export type Compared = {
  readonly code: number | null
  readonly seconds: number
  readonly comparison: Comparison
}

/** Evidence goes below `folder`. Throws what the command said when it has no result. */
export async function compareDuet(lab: TestLab, { defect }: Duet, folder: string): Promise<Compared> {
  await lab.become([...BOTH, ...(defect === undefined ? [] : [`${FOLDER}/${defect}`])])
  const flags = [
    '--lab',
    '--target',
    await targetOf(lab, folder),
    '--a',
    'stable',
    '--b',
    'next',
    '--duet',
    '--seed',
    '3',
  ]
  const reports = join(folder, defect ?? 'equal')
  const startedAt = performance.now()
  const { code, stdout, stderr } = await matchday(
    lab,
    'compare',
    DUET_REHEARSAL,
    ...flags,
    ...['--reports', reports, '-o', 'json'],
  )
  if (stdout === '') throw new Error(stderr)
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  return { code, seconds, comparison: JSON.parse(stdout) as Comparison }
}

export const objectiveOf = ({ objectives }: Comparison, kind: Duet['worse']) =>
  objectives.find((each) => each.kind === kind)

/** The stock target with both releases, held at the same number of pods. */
async function targetOf(lab: TestLab, folder: string): Promise<string> {
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
