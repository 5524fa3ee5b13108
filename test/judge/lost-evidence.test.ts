/**
 * Losing evidence never turns a run that is no pass into a pass, never accuses the platform, and never keeps a pass where the loss can be noticed. Each
 * kind of record meets each mutation of `support/mutations.ts`; the journals are chained anew, so that only their contents can give the loss away.
 */
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { causes } from '../../src/domain/causes.ts'
import type { Evidence, EvidenceKind } from '../../src/domain/evidence.ts'
import type { Note, PeopleReaction } from '../../src/domain/people.ts'
import type { RequiredState } from '../../src/domain/required-state.ts'
import { perSecond, seconds } from '../../src/domain/units.ts'
import type { Judgment } from '../../src/domain/verdict.ts'
import { encodeRecord } from '../../src/journal/format/encode.ts'
import { readJournal } from '../../src/journal/read.ts'
import { judge } from '../../src/judge/judge.ts'
import { canaryAct } from '../support/canary.ts'
import {
  actionOf,
  actionSteps,
  place as at,
  evidence,
  healthy as healthyStory,
  rehearsal,
  scrapes,
  secondAt,
  together,
  withActions,
} from '../support/evidence.ts'
import * as release from '../support/evidence-canary.ts'
import { bookAt, cells, cutoverRun } from '../support/evidence-cutover.ts'
import { everything } from '../support/evidence-everything.ts'
import * as follow from '../support/evidence-follow.ts'
import { idOf, machines, nextImage, presentPod, rolledTo } from '../support/evidence-images.ts'
import { oldPods, releaseAct, rolled, rolledBack, wholeRelease } from '../support/evidence-release.ts'
import { restoredRun } from '../support/evidence-restore.ts'
import { journalText } from '../support/journal-text.ts'
import { causesOf } from '../support/judged.ts'
import { type Line, type Mutation, ofAll, ofKind, ofKindAt, reread, rereadText } from '../support/mutations.ts'

/** A judgment takes about 0.1 s, and several times that on a busy machine. */
vi.setConfig({ testTimeout: 120_000 })

const linesOf = (records: readonly Evidence[]): Line[] => records.map((each) => JSON.parse(encodeRecord(each)) as Line)
const goldens = [0, 1, 2].map((n) => `test/journal/golden/format-${n}.ndjson`)
/** In today's format. */
const recorded: Line[][] = []
for (const path of ['reports/example/journal.ndjson', ...goldens]) {
  const records: Evidence[] = []
  for await (const { record } of readJournal(path)) records.push(record)
  recorded.push(linesOf(records))
}

const healthy = linesOf(evidence())
const requiredStates: readonly RequiredState[] = [
  { kind: 'gauge', of: 'broker', metric: 'waiting', where: {}, pods: 'max', atLeast: 100, at },
  { kind: 'rate', of: 'psp-a', metric: 'psp_requests_total', where: {}, atLeast: perSecond(20), at },
  { kind: 'at-maximum', autoscaler: 'payments-api', phase: 'promo peak', at },
]
const ofPeople: readonly PeopleReaction[] = [
  { kind: 'declares', withinMs: seconds(60), at },
  { kind: 'mitigates', withinMs: seconds(60), at },
]
const note = (second: number, is: Note['is']): Evidence => ({
  kind: 'note',
  at: secondAt(second),
  by: 'Ana',
  via: 'page',
  is,
  text: 'SEV2',
  seen: 250,
})
const failover = linesOf(evidence({ approved: (s) => ({ a: s > 65 && s < 90 ? 0 : 55, b: 0 }) }))
const starved = linesOf(
  evidence({
    health: () => ({ cpuCores: 1.2, hostBusy: 0.99 }),
    approved: (s) => ({ a: s > 65 && s < 90 ? 0 : 55, b: 0 }),
  }),
)
/** It had to reach a queue of 100, a rate of 20/s and the maximum of an autoscaler, and did. */
const required = linesOf(
  together(
    evidence({
      rehearsal: { ...rehearsal, reaches: requiredStates },
      hpa: (s) => ({ desired: s > 30 && s < 130 ? 6 : 2, metrics: healthyStory.hpa(s)?.metrics ?? [] }),
    }),
    ...['broker-0', 'broker-1'].map((pod) => scrapes('broker', pod, 'waiting', (s) => (s >= 60 && s < 80 ? 130 : 20))),
  ),
)
/** People declared and mitigated in time; what was on their screens makes a spoilt note one that cannot be read. */
const people = linesOf(
  together(
    evidence({
      rehearsal: {
        ...rehearsal,
        faults: rehearsal.faults.map((fault) => ({ ...fault, expect: [...fault.expect, ...ofPeople] })),
      },
    }),
    [note(75, 'declared'), note(95, 'mitigated')],
  ),
)
/** A cutover that is well, and one whose freeze leaks. */
const cutover = linesOf(cutoverRun())
const leaking = linesOf(cutoverRun({ more: [bookAt(102.5, 'old-before', cells(9_000, 5, 3))] }))
/** A canary that is let in, a Rollout that is promoted, and a backup that is restored. */
const canary = linesOf(release.released(canaryAct()))
const followed = linesOf(
  together(
    evidence({ rehearsal: withActions(actionOf('shop 2', follow.followAct)) }),
    follow.scrapes({ share: follow.asked, bad: 0 }),
    actionSteps('shop 2', ...follow.promoted),
  ),
)
const restored = linesOf(restoredRun())
/** All but the head: without it a journal is none, and the reader says so. */
const kindsOf = (lines: readonly Line[]) => [...new Set(lines.slice(1).map(({ kind }) => kind as EvidenceKind))]

/** Losses that nothing else in the journal shows, and why. Without a mutation: all of that kind. */
const unnoticed: readonly (readonly [kind: EvidenceKind, mutation: RegExp, why: string])[] = [
  ['phase-started', /./, 'the plan in the head says the same'],
  ['residue', /until then|held back/, 'what was there before the run is only worth a warning'],
  ['object-seen', /missing|at the end/, 'a watch has no rate: the cluster changes when it changes'],
  ['generator-health', /every second/, 'a record every two seconds still shows what the machine did'],
  ['sample', /begun anew/, 'a process that restarts counts from 0 again'],
  ['undo-written', /from then on/, 'there was none after that moment'],
]
/** Nothing is lost: the same records, in another order or some seconds later. */
const harmless = /written at the end|held back/
/** A watch that loses versions shows what never happened. Watches resume where they broke off, and report what they could not see. */
const mayAccuse = (kind: EvidenceKind, cause: Judgment['findings'][number]['cause']): boolean =>
  (kind === 'object-seen' && (causes[cause].needs as readonly EvidenceKind[]).includes('object-seen')) ||
  (kind === 'action-step' && (causes[cause].needs as readonly EvidenceKind[]).includes('action-step'))

const breachesOf = ({ findings }: Judgment) =>
  findings.filter(({ weight }) => weight === 'breach').map(({ cause, subject }) => ({ cause, subject }))

/** A mutation of numbers leaves a record without any as it was. */
const isSame = (line: unknown, other: unknown): boolean =>
  line === other || JSON.stringify(line) === JSON.stringify(other)

/** What is wrong with the judgment after a loss; empty if nothing is. Names the rule and the mutation. */
async function wrongs(
  lines: readonly Line[],
  kind: EvidenceKind,
  name: string,
  mutated: ReturnType<Mutation>,
): Promise<string[]> {
  if (mutated.length === lines.length && mutated.every((line, index) => isSame(line, lines[index]))) return []
  const before = await judgedOnce(lines)
  const after = judge(await reread(mutated))
  const known = new Set(breachesOf(before).map((each) => JSON.stringify(each)))
  const what = `${kind} ${name}`
  const accused = breachesOf(after)
    .filter((each) => !known.has(JSON.stringify(each)) && !mayAccuse(kind, each.cause))
    .map(({ cause, subject }) => `${what}: accuses ${subject} of ${cause}`)
  if (after.verdict.kind !== 'pass') return accused
  if (before.verdict.kind !== 'pass') return [...accused, `${what}: turns ${before.verdict.kind} into a pass`]
  const excused = harmless.test(name) || unnoticed.some(([each, mutation]) => each === kind && mutation.test(name))
  return excused ? accused : [...accused, `${what}: keeps the pass`]
}

const judgments = new Map<readonly Line[], Promise<Judgment>>()
function judgedOnce(lines: readonly Line[]): Promise<Judgment> {
  const known = judgments.get(lines) ?? reread(lines).then(judge)
  judgments.set(lines, known)
  return known
}

describe.each<[string, readonly Line[], readonly number[], string]>([
  ['a run that passed', healthy, [70, 140], 'pass'],
  ['a run that reached its required states', required, [70], 'pass'],
  ['a run whose people were in time', people, [70], 'pass'],
  ['a run with a cutover', cutover, [104], 'pass'],
  ['a run with a canary', canary, [70, 105], 'pass'],
  ['a run with a Rollout that is followed', followed, [85], 'pass'],
  ['a run with a restore', restored, [86], 'pass'],
  ['a run without a failover', failover, [70], 'fail'],
  ['a run without a failover on a starved machine', starved, [100], 'inconclusive'],
])('%s', (_, lines, seconds, verdict) => {
  it('has the expected verdict', async () => {
    expect((await judgedOnce(lines)).verdict.kind).toBe(verdict)
  })

  it.each(kindsOf(lines))('with %s lost or unreadable', async (kind) => {
    const all: string[] = []
    for (const [name, mutation] of Object.entries(ofKind))
      all.push(...(await wrongs(lines, kind, name, mutation(lines, kind, 0))))
    for (const [name, mutation] of Object.entries(ofKindAt)) {
      for (const second of seconds) {
        all.push(...(await wrongs(lines, kind, `${name} (${second} s)`, mutation(lines, kind, second))))
      }
    }
    expect(all).toEqual([])
  })

  it.each(Object.entries(ofAll))('%s', async (name, mutation) => {
    for (const second of [...seconds, 30, 152]) {
      expect(
        await wrongs(lines, 'sample', `everything ${name} (${second} s)`, mutation(lines, 'sample', second)),
      ).toEqual([])
    }
  })
})

describe('recorded journals', () => {
  const noFailover = { approved: (s: number) => ({ a: s > 65 && s < 90 ? 0 : 55, b: 0 }) }
  const withPods = (pods: readonly Evidence[]) => linesOf(together(evidence(noFailover), machines, pods))
  const mixed = withPods([presentPod('gateway-1'), presentPod('gateway-2', { id: idOf('b') })])
  const released = linesOf(
    together(
      evidence({ ...noFailover, rehearsal: withActions(actionOf('gateway 2', releaseAct())) }),
      [...machines, ...oldPods, ...rolled(), ...rolledBack()],
      actionSteps('gateway 2', ...wholeRelease),
    ),
  )
  const bases = [
    ...recorded,
    linesOf(everything()),
    mixed,
    withPods(rolledTo(nextImage)),
    released,
    cutover,
    leaking,
    canary,
    followed,
    restored,
  ]
  const mutations = Object.entries({ ...ofKind, ...ofKindAt })

  it('never get a better verdict or a new breach by any loss at any time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...bases),
        fc.constantFrom(...mutations),
        fc.nat(),
        fc.integer({ min: 0, max: 150 }),
        async (lines, [name, mutation], n, second) => {
          const kinds = kindsOf(lines)
          const kind = kinds[n % kinds.length] ?? 'sample'
          const all = await wrongs(lines, kind, `${name} (${second} s)`, mutation(lines, kind, second))
          // Close to an edge a loss may be too short to be noticed.
          expect(all.filter((each) => !each.endsWith('keeps the pass'))).toEqual([])
        },
      ),
      { numRuns: 15 },
    )
  })

  it.each(Object.entries(ofAll))('%s at any time, do not pass and have no new breach', async (name, mutation) => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...bases), fc.integer({ min: 0, max: 150 }), async (lines, second) => {
        expect(
          await wrongs(lines, 'sample', `everything ${name} (${second} s)`, mutation(lines, 'sample', second)),
        ).toEqual([])
      }),
      { numRuns: 4 },
    )
  })

  it('that were changed without a new chain have no new breach', async () => {
    const text = journalText(evidence({ approved: (s) => ({ a: s > 65 && s < 90 ? 0 : 55, b: 0 }) }))
    const lines = text.split('\n').slice(0, -1)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: lines.length - 2 }), fc.boolean(), async (index, twice) => {
        const changed = lines.flatMap((line, n) => (n !== index ? [line] : twice ? [line, line] : []))
        const judgment = judge(await rereadText(`${changed.join('\n')}\n`))
        expect(judgment.verdict.kind).toBe('inconclusive')
        expect(causesOf(judgment)).toContain('evidence-changed')
      }),
      { numRuns: 6 },
    )
  })
})
