/** Whether a rehearsal and a target fit together: each of them may be in order alone. */
import type { Issue } from '../domain/issue.ts'
import type { FaultSpec, Rehearsal, Target } from '../domain/rehearsal.ts'
import { chooseAmong, listed } from './did-you-mean.ts'
import { wholeFile } from './files.ts'
import { collectIssues, type Report } from './report.ts'

/** Everything that this rehearsal asks of this target and does not find. */
export function checkFit(rehearsal: Rehearsal, target: Target): readonly Issue[] {
  const { report, found } = collectIssues()
  if (!rehearsal.contexts.includes(target.context)) {
    const problem = `${rehearsal.file} does not allow the kube context "${target.context}"; it allows ${listed(rehearsal.contexts)}.`
    report(
      wholeFile(target.file),
      'context-not-allowed',
      problem,
      'add it to target.contexts there, if it may be harmed.',
    )
  }
  for (const fault of rehearsal.faults) checkSources(fault, target, report)
  for (const expectation of rehearsal.expectations)
    if (expectation.kind === 'ledger' && target.books.length === 0)
      report(
        expectation.at,
        'no-books',
        `There is a ledger to reconcile, and ${target.file} lists no books.`,
        'list the books there.',
      )
  return found()
}

function checkSources({ witness, expect }: FaultSpec, target: Target, report: Report): void {
  const known = Object.keys(target.sources)
  const reportUnknown = (name: string, at: Issue['at']): void =>
    report(at, 'unknown-source', `${target.file} has no source "${name}".`, chooseAmong(name, known, 'sources'))
  if (witness.kind === 'rate') checkMetric(witness, target, report, reportUnknown)
  for (const expectation of expect) {
    if (expectation.kind !== 'failover') continue
    for (const name of [expectation.from, expectation.to])
      if (!known.includes(name)) reportUnknown(name, expectation.at)
  }
}

function checkMetric(
  { of, metric, at }: { readonly of: string; readonly metric: string; readonly at: Issue['at'] },
  target: Target,
  report: Report,
  reportUnknown: (name: string, at: Issue['at']) => void,
): void {
  const source = Object.hasOwn(target.sources, of) ? target.sources[of] : undefined
  if (source === undefined) return reportUnknown(of, at)
  if (source.metrics.includes(metric)) return
  const problem = `${target.file} does not list ${metric} among the metrics of "${of}".`
  report(at, 'unknown-metric', problem, chooseAmong(metric, source.metrics, 'its metrics'))
}
