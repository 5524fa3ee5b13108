/** Stored runs as the two sides of a comparison. */
import { basename, join } from 'node:path'
import type { Comparison } from '../domain/comparison.ts'
import type { Rehearsal } from '../domain/rehearsal.ts'
import type { Judgment } from '../domain/verdict.ts'
import { compareSettings } from '../files/compare-shape.ts'
import { readJournal } from '../journal/read.ts'
import { compare } from '../judge/blocks/compare.ts'
import type { BlockSums } from '../judge/blocks/measures.ts'
import { createJudging } from '../judge/judge.ts'
import { createRunSums, reactionsOf, unfitReason } from '../judge/stored-run.ts'
import { BadInput } from './failure.ts'

export type StoredRun = {
  readonly run: string
  readonly folder: string
  readonly startedAt: number
  readonly entry: string
  readonly rehearsal: Rehearsal
  readonly judgment: Judgment
  readonly sums: BlockSums
}

/** Reads a run's journal once: judged, and counted. @throws JournalError */
export async function readStoredRun(folder: string): Promise<StoredRun> {
  const judge = createJudging()
  const counts = createRunSums()
  let started: { at: number; run: string; rehearsal: Rehearsal; entry: string } | undefined
  for await (const { record, line } of readJournal(join(folder, 'journal.ndjson'))) {
    judge.add(record, line)
    counts.add(record)
    if (record.kind === 'session-started') throw new BadInput([notARun(folder)])
    if (record.kind === 'run-started')
      started ??= { at: record.at, run: record.run, rehearsal: record.rehearsal, entry: record.target.entry }
  }
  if (started === undefined) throw new BadInput([notARun(folder)])
  const { at, ...rest } = started
  return { ...rest, folder, startedAt: at, judgment: judge.result(), sums: counts.sums() }
}

const notARun = (folder: string) => ({
  at: { file: folder, line: 0, column: 0 },
  code: 'not-a-run',
  problem: 'it is not the journal of a run of one rehearsal.',
  next: 'Give folders that `matchday run` made; a stored comparison is judged again by `matchday judge`.',
})

/** The runs of each side in order of time, pair by pair. */
export function compareRuns(a: readonly StoredRun[], b: readonly StoredRun[]): Comparison {
  const [first] = a
  if (first === undefined) throw new Error('a comparison without runs was let through')
  refuseOthers(first, [...a, ...b])
  const [usableA, usableB] = evenly(usable(a), usable(b))
  const pairs = usableA.map((left, index) => ({
    pair: index + 1,
    a: left.sums,
    b: usableB[index]?.sums ?? {},
    machineFull: false,
  }))
  const unfit = [...a, ...b].flatMap(({ run, judgment }) => {
    const reason = unfitReason(judgment)
    return reason === undefined ? [] : [`${run} is left out: ${reason}`]
  })
  const { alpha, worse, margin, margins } = first.rehearsal.compare ?? compareSettings()
  return compare({
    rehearsal: first.rehearsal.name,
    a: sideOf(a),
    b: sideOf(b),
    unit: 'runs',
    aa: false,
    slos: first.rehearsal.slos,
    indicators: first.rehearsal.slis,
    rules: { alpha, worse, margin, margins },
    pairs,
    voidPairs: [],
    ended: true,
    reactions: reactionsOf(
      a.map(({ judgment }) => judgment),
      b.map(({ judgment }) => judgment),
    ),
    gaps: [...unfit, ...otherLoad(first, [...a, ...b])],
  })
}

/** The newest of each side: a baseline holds older runs too, and those of the release before say most. */
function evenly(
  a: readonly StoredRun[],
  b: readonly StoredRun[],
): readonly [readonly StoredRun[], readonly StoredRun[]] {
  const pairs = Math.min(a.length, b.length)
  return [a.slice(a.length - pairs), b.slice(b.length - pairs)]
}

const usable = (runs: readonly StoredRun[]): readonly StoredRun[] =>
  runs.filter(({ judgment }) => unfitReason(judgment) === undefined).sort((x, y) => x.startedAt - y.startedAt)

function sideOf(runs: readonly StoredRun[]): Comparison['a'] {
  const names = runs.map(({ run }) => run)
  const name =
    names.length === 1 ? (names[0] ?? '') : `${names.length} runs (${names.map((each) => basename(each)).join(', ')})`
  return { name, entry: runs[0]?.entry ?? '', runs: names }
}

/** @throws BadInput for runs of another rehearsal */
function refuseOthers(first: StoredRun, all: readonly StoredRun[]): void {
  const others = all.filter(({ rehearsal }) => rehearsal.name !== first.rehearsal.name)
  if (others.length === 0) return
  throw new BadInput(
    others.map(({ folder, rehearsal }) => ({
      at: { file: folder, line: 0, column: 0 },
      code: 'other-rehearsal',
      problem: `it is a run of ${rehearsal.name}, and ${first.run} is one of ${first.rehearsal.name}.`,
      next: 'Compare runs of one rehearsal.',
    })),
  )
}

/** Another load is another experiment: nothing is proven by comparing them. */
function otherLoad(first: StoredRun, all: readonly StoredRun[]): readonly string[] {
  const loadOf = ({ rehearsal: { load, phases } }: StoredRun) =>
    JSON.stringify([load.arrivals, load.sockets, phases.map(({ rampMs, forMs, factor }) => [rampMs, forMs, factor])])
  return all
    .filter((each) => loadOf(each) !== loadOf(first))
    .map(({ run }) => `${run} had another load than ${first.run}.`)
}
