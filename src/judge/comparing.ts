/** Judges the journal of a comparison, live or stored: the same records give the same comparison. */
import type { BlockResult } from '../domain/blocks.ts'
import type { CompareRules, CompareSession, Comparison } from '../domain/comparison.ts'
import type { Evidence, RunStarted } from '../domain/evidence.ts'
import { exitCodes } from '../domain/verdict.ts'
import { createBlocks } from './blocks/blocks.ts'
import { compare } from './blocks/compare.ts'
import type { ComparedPair } from './blocks/measures.ts'
import { JudgeError } from './seen/judge-error.ts'
import { createUndos } from './seen/undos.ts'

export type Comparing = {
  add(record: Evidence): void
  /** Whether the journal is that of a comparison. */
  readonly is: boolean
  /** Throws JudgeError when it is not. */
  result(): Comparison
}

type Facts = {
  head?: RunStarted
  session?: CompareSession
  stopped?: string
  ended: boolean
  healed: boolean
  readonly lost: string[]
}

/** Problems told word by word. */
const LOST_TOLD = 3

export function createComparing(): Comparing {
  const fold = createBlocks()
  const undos = createUndos()
  let records = 0
  const facts: Facts = { ended: false, healed: true, lost: [] }
  return {
    add(record) {
      fold.add(record)
      records += 1
      undos.add(record, records)
      note(facts, record)
    },
    get is() {
      return facts.session !== undefined
    },
    result: () => resultOf(facts, fold.all(), undos.open.size === 0),
  }
}

function note(facts: Facts, record: Evidence): void {
  switch (record.kind) {
    case 'run-started':
      facts.head ??= record
      return
    case 'session-started':
      if (record.session.kind === 'compare') facts.session ??= record.session
      return
    case 'stop-requested':
      facts.stopped ??= record.reason
      return
    case 'run-ended':
      facts.ended = true
      facts.healed = record.healed
      return
    case 'evidence-lost':
      // What a watch lost is no part of a comparison; a damaged journal is.
      if (record.about.startsWith('journal')) facts.lost.push(`${record.about}: ${record.problem}`)
      return
    case 'evidence-doubted':
      facts.lost.push(`the journal was changed: ${record.problem}`)
      return
    default:
      return
  }
}

function resultOf(
  { head, session, stopped, ended, healed, lost }: Facts,
  all: readonly BlockResult[],
  undone: boolean,
): Comparison {
  if (head === undefined || session === undefined)
    throw new JudgeError('this journal is not that of a comparison: it has no session-started record')
  const { kept, voided } = pairsOf(all)
  const comparison = compare({
    rehearsal: head.rehearsal.name,
    run: head.run,
    a: session.a,
    b: session.b,
    unit: session.duet ? 'duet' : 'pairs',
    aa: session.aa,
    slos: head.rehearsal.slos,
    indicators: head.rehearsal.slis,
    rules: rulesOf(session.settings),
    pairs: kept,
    voidPairs: voided,
    looks: session.settings.looks,
    ended: ended || stopped !== undefined,
    ...(stopped === undefined ? {} : { stopped }),
    gaps: lost.slice(0, LOST_TOLD),
  })
  return healed && undone ? comparison : { ...comparison, exitCode: exitCodes.notHealed }
}

/** Without what is about the blocks. */
const rulesOf = ({ alpha, worse, margin, margins }: CompareRules): CompareRules => ({ alpha, worse, margin, margins })

/** A pair counts when both of its blocks were measured; where one is void, both are left out. */
function pairsOf(all: readonly BlockResult[]): { kept: readonly ComparedPair[]; voided: Comparison['voidPairs'] } {
  const kept: ComparedPair[] = []
  const voided: { pair: number; reasons: readonly string[] }[] = []
  const byPair = Map.groupBy(
    all.filter(({ pair }) => pair !== undefined),
    ({ pair = 0 }) => pair,
  )
  for (const [pair, members] of byPair) {
    const [a, b] = ['a', 'b'].map((side) => members.find(({ of }) => of === side))
    if (a?.state === 'measured' && b?.state === 'measured') {
      kept.push({ pair, a: a.slis, b: b.slis, machineFull: a.machineFull || b.machineFull })
    } else if (members.some(({ state }) => state === 'void')) {
      voided.push({ pair, reasons: members.flatMap(({ block, reasons }) => reasons.map((why) => `${block}: ${why}`)) })
    }
  }
  return { kept, voided }
}
