/**
 * What lost evidence excuses. This is the only place that decides it; the table of causes says which evidence each cause needs, and whether its loss
 * can make a breach that was none. Such a breach becomes a gap: a rule that could not see everything accuses nobody.
 */
import { type Cause, type CauseRow, causes } from '../../domain/causes.ts'
import type { EvidenceKind } from '../../domain/evidence.ts'
import type { Finding } from '../../domain/verdict.ts'
import type { Seen } from '../seen/seen.ts'
import { holesIn, totalsMissing, unobservedPods } from './holes.ts'

export function excuseLost(seen: Seen, findings: readonly Finding[]): readonly Finding[] {
  if (!findings.some(({ weight }) => weight === 'breach')) return findings
  const loss = lossOf(seen)
  return findings.map((each) => (each.weight === 'breach' && isExcused(loss, each.cause) ? excused(each) : each))
}

const excused = (each: Finding): Finding => ({
  ...each,
  weight: 'gap',
  sentence: `${each.sentence} (Evidence was lost, so this is not certain.)`,
})

/** Kinds of records of which some are missing. `totals`: the last frames of the load are among them. */
type Loss = { readonly kinds: ReadonlySet<EvidenceKind>; readonly any: boolean; readonly totals: boolean }

/** Kinds that say when the run was what, and what was harmed: every rule reads them. */
const EVERYWHERE: ReadonlySet<EvidenceKind> = new Set([
  'run-started',
  'phase-started',
  'load-started',
  'load-ended',
  'fault-step',
  'action-step',
  'stop-requested',
  'guardrail-tripped',
])

function lossOf(seen: Seen): Loss {
  const holes = holesIn(seen).map(({ stream }) => stream.kind)
  const records = seen.run.lost.map(({ record }) => record.of)
  const kinds = new Set<EvidenceKind>(records.filter((kind) => kind !== undefined))
  const frames = holes.includes('frames')
  if (frames || seen.load.frames.count === 0) kinds.add('load-frame')
  if (holes.includes('health') || seen.health.rows.length === 0) kinds.add('generator-health')
  if (holes.includes('source') || holes.includes('pod')) kinds.add('sample')
  if (unobservedPods(seen).length > 0) kinds.add('object-seen')
  const any =
    holes.includes('journal') ||
    seen.streams.misplaced.count > 0 ||
    seen.run.lostCount > seen.run.lost.length ||
    records.some((kind) => kind === undefined || EVERYWHERE.has(kind))
  return { kinds, any, totals: totalsMissing(seen) || records.includes('load-frame') }
}

function isExcused({ kinds, any, totals }: Loss, cause: Cause): boolean {
  const row: CauseRow = causes[cause]
  switch (row.lost) {
    case 'stands':
      return false
    case 'totals':
      return any || totals || row.needs.some((kind) => kind !== 'load-frame' && kinds.has(kind))
    case 'excused':
      return any || evidenceFor(row).some((kind) => kinds.has(kind))
  }
}

/** What a starved machine excuses takes evidence that the machine was not starved. */
const evidenceFor = ({ needs, starved }: CauseRow): readonly EvidenceKind[] =>
  starved === 'excused' ? [...needs, 'generator-health', 'load-frame'] : needs
