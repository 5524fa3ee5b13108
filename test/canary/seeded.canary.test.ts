/**
 * Rehearsals that must not pass: each seeded defect is found under its own cause, on one shared lab. A platform in which nothing
 * is wrong is the counter-test: the same rehearsal names none of these causes there. Its time is judged, so nothing else runs meanwhile.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import type { Judgment } from '../../src/domain/verdict.ts'
import { causesOf, startRun, type TestLab, testLab, verdictOf } from '../support/lab.ts'

const defect = (name: string): string => `test/canary/defects/${name}`
const BOOKS = ['double-charge', 'unreconciled']
const SEEDED = [...BOOKS, 'failover-missing', 'autoscaler-late', 'fault-unproven']

let lab: TestLab
beforeAll(async () => {
  lab = await testLab({ alone: true })
})
afterAll(() => lab?.down())

async function rehearse(rehearsal: string, ...flags: readonly string[]) {
  const run = startRun(lab, rehearsal, ...flags)
  const { code, stderr } = await run.ended
  expect([code, stderr]).not.toEqual([70, stderr])
  return { code, stderr, judgment: verdictOf(run) }
}

/** A starved machine excuses causes and delays faults, so its run proves nothing about detection. It must still not be green. */
function needsMachine({ skip }: TestContext, judgment: Judgment): void {
  const starved = judgment.findings.find(({ cause }) => cause === 'generator-starved')
  if (starved === undefined) return
  expect(judgment.verdict.kind).not.toBe('pass')
  skip(`not shown on this machine: ${starved.sentence}`)
}

describe('the canary', () => {
  it('names no seeded cause where nothing is wrong', async (context) => {
    const { judgment } = await rehearse('test/canary/canary.rehearsal.yaml', '--quiet')
    needsMachine(context, judgment)
    expect(causesOf(judgment).filter((cause) => SEEDED.includes(cause))).toEqual([])
    expect(judgment.faults[0]?.state).toBe('proven')
    expect(judgment.ledger?.reconciled).toBe(true)
  })

  it('a fault that selects nobody is inconclusive, as fault-unproven', async () => {
    const { code, stderr, judgment } = await rehearse('test/canary/nobody.rehearsal.yaml')
    expect(code).toBe(3)
    expect(stderr).toMatch(/would be refused now .*fault-selects-nothing/)
    expect(causesOf(judgment)).toContain('fault-unproven')
  })

  it('a generator that is starved of CPU is inconclusive, as generator-starved', async () => {
    const run = startRun(lab, 'test/canary/nobody.rehearsal.yaml', '--quiet')
    await run.until(({ kind }) => kind === 'load-started')
    const neighbours = contend()
    try {
      await run.until(({ kind }) => kind === 'load-ended')
    } finally {
      for (const neighbour of neighbours) neighbour.kill('SIGKILL')
    }
    const { code } = await run.ended
    expect(code).not.toBe(0)
    expect(causesOf(verdictOf(run))).toContain('generator-starved')
  })

  // The autoscaler's first: it needs a platform that no peak has scaled up yet. A blind autoscaler leaves too few pods, whose queues
  // use up the time in which a charge could move to the other provider, so the missing void needs a run without it.
  it.for<[readonly string[], string, readonly (readonly string[])[]]>([
    [['hpa-on-cpu', 'no-failover'], 'canary', [['autoscaler-late'], ['failover-missing']]],
    [['no-void'], 'answers-late', [BOOKS]],
  ])('%s does not pass, and each is named', async ([names, rehearsal, causes], context) => {
    await lab.become(names.map(defect))
    const { code, judgment } = await rehearse(`test/canary/${rehearsal}.rehearsal.yaml`, '--quiet')
    expect(code).not.toBe(0)
    expect(judgment.verdict.kind).not.toBe('pass')
    needsMachine(context, judgment)
    const found = causesOf(judgment)
    for (const oneOf of causes)
      expect(
        found.filter((cause) => oneOf.includes(cause)),
        textOf(judgment),
      ).not.toEqual([])
  })
})

/** Shown when a seeded defect is not among the findings: what was found instead. */
const textOf = ({ summary, findings }: Judgment): string =>
  [summary, ...findings.map(({ cause, sentence }) => `${cause}: ${sentence}`)].join('\n')

/** Twelve busy processes a core, ended by themselves after a minute and a half whatever becomes of the test. */
function contend(): readonly ChildProcess[] {
  const burn = 'const end = Date.now() + 90_000; while (Date.now() < end);'
  return Array.from({ length: availableParallelism() * 12 }, () =>
    spawn(process.execPath, ['-e', burn], { stdio: 'ignore' }),
  )
}
