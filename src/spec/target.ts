/** The target file, and whether a rehearsal and a target fit together. */
import type { Issue, Parsed } from '../domain/issue.ts'
import type { FaultSpec, MetricSource, Rehearsal, Target } from '../domain/rehearsal.ts'
import { seconds } from '../domain/units.ts'
import { chooseAmong, listed } from './did-you-mean.ts'
import { type Files, readText, relativeTo, wholeFile } from './files.ts'
import { collectIssues, type Report, settle } from './report.ts'
import type { Shape } from './shape.ts'
import { targetFile, type targetSpec } from './target-shape.ts'
import { openDocument } from './yaml-node.ts'

type Draft = typeof targetSpec extends Shape<infer T> ? T : never

/** Kubernetes' own default (kube-controller-manager --horizontal-pod-autoscaler-sync-period). */
const HPA_SYNC_DEFAULT = seconds(15)

/**
 * Where the target file of a context lies: `targets/` beside the rehearsal. Contexts may hold characters that make bad file
 * names (`arn:aws:eks:…/prod`); each of those reads `-`.
 */
export const targetPath = (rehearsalFile: string, context: string): string =>
  relativeTo(rehearsalFile, `targets/${context.replace(/[^A-Za-z0-9._-]/g, '-')}.yaml`)

export function parseTarget(files: Files, path: string): Parsed<Target> {
  const { report, found } = collectIssues()
  const text = readText(files, path, wholeFile(path), 'Target file', report)
  const root = text === undefined ? undefined : openDocument(path, text, report)
  const draft = root && targetFile.decode(root, report)?.value.spec?.value
  const issues = found()
  return settle(issues, draft === undefined || issues.length > 0 ? undefined : assemble(path, draft))
}

function assemble(file: string, draft: Draft): Target | undefined {
  const { context, namespace, entry, clusterUid, hpaSync, loadFactor, sources, books, addresses } = draft
  if (!context || !namespace || !entry || !sources) return undefined
  return {
    context: context.value,
    file,
    namespace: namespace.value,
    entry: entry.value.replace(/\/+$/, ''),
    ...(clusterUid === undefined ? {} : { clusterUid: clusterUid.value }),
    hpaSyncMs: hpaSync?.value ?? HPA_SYNC_DEFAULT,
    loadFactor: loadFactor?.value ?? 1,
    sources: Object.fromEntries(
      Object.entries(sources.value).map(([name, source]): [string, MetricSource] => [
        name,
        { ...source, path: source.path ?? '/metrics' },
      ]),
    ),
    books: books?.value ?? [],
    addresses: addresses?.value ?? {},
  }
}

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
  const source = Object.hasOwn(target.sources, witness.of) ? target.sources[witness.of] : undefined
  if (source === undefined) reportUnknown(witness.of, witness.at)
  else if (!source.metrics.includes(witness.metric)) {
    const problem = `${target.file} does not list ${witness.metric} among the metrics of "${witness.of}".`
    report(witness.at, 'unknown-metric', problem, chooseAmong(witness.metric, source.metrics, 'its metrics'))
  }
  for (const expectation of expect) {
    if (expectation.kind !== 'failover') continue
    for (const name of [expectation.from, expectation.to])
      if (!known.includes(name)) reportUnknown(name, expectation.at)
  }
}

export type Pair = { readonly rehearsal: Rehearsal; readonly target: Target }

/** A rehearsal with the target of one context, and every issue of both at once. */
export function withTarget(parsed: Parsed<Rehearsal>, target: Parsed<Target>): Parsed<Pair> {
  if (!parsed.ok || !target.ok) {
    const issues = [...(parsed.ok ? [] : parsed.issues), ...(target.ok ? [] : target.issues)]
    return settle<Pair>(issues, undefined)
  }
  return settle(checkFit(parsed.value, target.value), { rehearsal: parsed.value, target: target.value })
}
