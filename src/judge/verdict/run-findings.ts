/** What the run itself shows: whether the load ran, evidence is whole, harm was taken back, and the run came to its end. */

import { showClock } from '../../domain/show.ts'
import type { Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { count, listed } from '../findings/words.ts'
import type { Seen } from '../seen/seen.ts'
import { holeFindings } from './holes.ts'

/** This many things that cannot be read at once, and nothing that can, is not their own trouble. */
const SILENT_FROM = 3
/** Losses about the same thing are one finding each; more than this are a flood. */
const LOST_SHOWN = 10

/** Healed: every undo that was written is done, the audit found nothing, and the run says so itself if it came to say it. */
export function isHealed(seen: Seen): boolean {
  const { run } = seen
  const left = run.residue.after?.record.items.length ?? 0
  const auditedLater = (run.residue.after?.line ?? 0) > (run.ended?.line ?? Number.POSITIVE_INFINITY)
  return run.undos.open.size === 0 && left === 0 && (run.ended?.record.healed !== false || auditedLater)
}

export function judgeRun(seen: Seen): readonly Finding[] {
  return [
    ...unhealed(seen),
    ...changed(seen),
    ...stopped(seen),
    ...incomplete(seen),
    ...loadTrouble(seen),
    ...holeFindings(seen),
    ...unreachable(seen),
    ...lost(seen),
    ...audits(seen),
    ...unwrittenUndos(seen),
  ]
}

function unhealed(seen: Seen): readonly Finding[] {
  const { run } = seen
  if (isHealed(seen)) return []
  const items = run.residue.after?.record.items ?? []
  const left = [...items.map(({ what, where }) => `${what} in ${where}`), ...run.undos.open.keys()]
  const sentence = left.length === 0 ? 'The run ended without having healed.' : `Left behind: ${listed(left)}.`
  const lines = [run.residue.after?.line, run.ended?.line, ...run.undos.open.values()]
  return [finding('gap', 'not-healed', 'residue', sentence, lines)]
}

/** One finding for all places: whoever changed a journal changed it as a whole. */
function changed({ run }: Seen): readonly Finding[] {
  const of = (doubt: 'changed' | 'unsigned') => run.doubts.filter(({ record }) => record.doubt === doubt)
  const [edits, unsigned] = [of('changed'), of('unsigned')]
  const more = run.doubtCount - unsigned.length - 1
  const told = (problem: string) => `${problem}${more > 0 ? `; and ${count(more, 'more place')}` : ''}`
  const lines = (doubts: typeof edits) => doubts.map(({ line }) => line)
  return [
    ...edits.slice(0, 1).map(({ record }) => {
      const sentence = `The journal was changed after it was written: ${told(record.problem)}.`
      return finding('gap', 'evidence-changed', 'journal', sentence, lines(edits))
    }),
    ...unsigned.slice(0, 1).map(({ record }) => {
      const sentence = `The journal is not signed with the given key: ${record.problem}.`
      return finding('gap', 'evidence-unsigned', 'journal', sentence, lines(unsigned))
    }),
  ]
}

/** A journal that was changed, or was to be signed and is not, accuses nobody: what it shows as a breach is only a gap. */
export function distrustChanged(findings: readonly Finding[], { run }: Seen): readonly Finding[] {
  if (run.doubtCount === 0) return findings
  return findings.map((each) => (each.weight === 'breach' ? { ...each, weight: 'gap' } : each))
}

/** Stops by guardrail or operator make the verdict `aborted`; one by a failure leaves it open. */
function stopped({ run }: Seen): readonly Finding[] {
  if (run.stop?.record.by !== 'failure') return []
  return [finding('gap', 'run-stopped', 'run', `The run stopped: ${run.stop.record.reason}.`, [run.stop.line])]
}

function incomplete({ run, load }: Seen): readonly Finding[] {
  if (run.ended) return []
  const lines = [load.frames.lastLine, ...run.loadLines, run.headLine]
  return [finding('gap', 'run-incomplete', 'run', 'The journal ends before the run did: matchday was killed.', lines)]
}

function loadTrouble({ run, load }: Seen): readonly Finding[] {
  // Of several instances, those that crashed say why; the others were only stopped.
  const crashed = run.loadEnds.filter(({ record }) => record.outcome === 'crashed')
  const told = crashed.length > 0 ? crashed.flatMap(({ record }) => record.problems) : run.loadProblems
  const problems = told.length === 0 ? '' : `: ${listed(told, 3)}`
  const lines = [...run.loadLines, load.frames.lastLine]
  switch (run.load) {
    case 'never':
      return [
        finding('gap', 'load-missing', 'load', `The load never started${problems}.`, [run.headLine, ...run.loadLines]),
      ]
    case 'crashed':
      return [finding('gap', 'load-crashed', 'load', `The load generator crashed${problems}.`, lines)]
    case 'running':
      return run.ended
        ? [finding('gap', 'load-crashed', 'load', 'The load generator was never seen to end.', lines)]
        : []
    case 'stopped':
      return run.stop
        ? []
        : [finding('gap', 'load-crashed', 'load', `The load did not end by itself and was stopped${problems}.`, lines)]
    case 'completed':
      return []
  }
}

/** From some moment on nothing of the cluster was read to the end of the run. */
function unreachable({ run, silence }: Seen): readonly Finding[] {
  const losses = [...silence.lost.values()]
  const [first, last] = [losses[0], losses.at(-1)]
  if (losses.length < SILENT_FROM || first === undefined || last === undefined) return []
  const { context } = run.head.target
  const since = run.zeroAt === undefined ? '' : ` from ${showClock(Math.max(0, first.record.at - run.zeroAt))} on`
  const sentence = `Nothing could be read through the API server of ${context}${since}: ${last.record.problem}.`
  return [
    finding(
      'gap',
      'cluster-unreachable',
      context,
      sentence,
      losses.map(({ line }) => line),
    ),
  ]
}

function lost({ run }: Seen): readonly Finding[] {
  const byAbout = [...Map.groupBy(run.lost, ({ record }) => record.about)]
  const shown = byAbout.slice(0, LOST_SHOWN).map(([about, all]) => {
    const problem = all[0]?.record.problem ?? ''
    const more = all.length > 1 ? ` (${count(all.length, 'time')})` : ''
    return finding(
      'gap',
      'evidence-lost',
      about,
      `Evidence was lost about ${about}: ${problem}${more}.`,
      all.map(({ line }) => line),
    )
  })
  const unshown = run.lostCount - byAbout.slice(0, LOST_SHOWN).reduce((sum, [, all]) => sum + all.length, 0)
  if (unshown <= 0) return shown
  return [
    ...shown,
    finding('gap', 'evidence-lost', 'more', `Evidence was lost ${count(unshown, 'more time', 'more times')}.`, [
      run.lost.at(-1)?.line,
    ]),
  ]
}

/** An undo is written before the harm, so that one that was done and never written shows that its record is missing. */
function unwrittenUndos({ run }: Seen): readonly Finding[] {
  return [...run.undos.unwritten].map(([id, line]) =>
    finding('gap', 'evidence-lost', 'undo', `The undo ${id} was done, and the record that announced it is missing.`, [
      line,
    ]),
  )
}

function audits({ run }: Seen): readonly Finding[] {
  const findings: Finding[] = []
  if (run.ended && !run.residue.after) {
    const sentence = 'The residue audit after the run is missing, so that nobody knows what was left.'
    findings.push(finding('gap', 'no-evidence', 'residue', sentence, [run.ended.line]))
  }
  const before = run.residue.before
  if (before && before.record.items.length > 0) {
    const items = before.record.items.map(({ what, where }) => `${what} in ${where}`)
    findings.push(
      finding('warning', 'residue-before', 'residue', `Found before the run: ${listed(items)}.`, [before.line]),
    )
  }
  return findings
}
