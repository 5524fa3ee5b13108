/** The capacity file: a search for the highest load at which the objectives of a rehearsal hold. */
import type { CapacitySession, LimitedResource } from '../domain/capacity.ts'
import type { Issue, Parsed, SourcePoint } from '../domain/issue.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import { type Millis, ratio, seconds } from '../domain/units.ts'
import { capacityFile, type capacitySpec } from './capacity-shape.ts'
import { type Files, readText, relativeTo, wholeFile } from './files.ts'
import { collectIssues, type Report, settle } from './report.ts'
import type { Shape } from './shape.ts'
import { openDocument } from './yaml-node.ts'

type Draft = typeof capacitySpec extends Shape<infer T> ? T : never

export type CapacityFile = {
  readonly name: string
  /** Path of the rehearsal. */
  readonly rehearsal: string
  /** Where the file asks for one zone less. */
  readonly zoneLessAt?: SourcePoint
  /** With the target's autoscaler, as its sync period is the usual time to settle. */
  readonly sessionOn: (target: Target, rehearsal: Rehearsal) => Parsed<CapacitySession>
}

/** A rehearsal file is searched with the defaults of everything. */
export const isCapacityFile = (text: string): boolean => /^kind:\s*["']?Capacity\b/m.test(text)

export function parseCapacity(files: Files, path: string): Parsed<CapacityFile> {
  const { report, found } = collectIssues()
  const text = readText(files, path, wholeFile(path), 'Capacity file', report)
  const root = text === undefined ? undefined : openDocument(path, text, report)
  const file = root && capacityFile.decode(root, report)?.value
  const draft = file?.spec?.value
  const [name, rehearsal] = [file?.metadata?.value.name, draft?.rehearsal?.value.value]
  if (found().length > 0 || draft === undefined || name === undefined || rehearsal === undefined)
    return settle<CapacityFile>(found(), undefined)
  return settle([], {
    name,
    rehearsal: relativeTo(path, rehearsal),
    ...(draft.withZones && { zoneLessAt: draft.withZones.value.at }),
    sessionOn: (target, found) => sessionOf(draft, target, found),
  })
}

/** Where nothing else is written. */
export const usualSession = (target: Target, rehearsal: Rehearsal): CapacitySession =>
  assemble({}, target, rehearsal, [])

function sessionOf(draft: Draft, target: Target, rehearsal: Rehearsal): Parsed<CapacitySession> {
  const { report, found } = collectIssues()
  const resources = (draft.resources?.value ?? []).flatMap(({ at, value }): readonly LimitedResource[] => {
    const { name, gauge, counter, of, where, pods, limit } = value
    const metric = gauge ?? counter
    if (metric === undefined || (gauge && counter)) {
      report(at, 'wrong-value', 'A resource has either a gauge or a counter.', metric ? 'keep one.' : 'add one.')
      return []
    }
    checkSource(target, of, metric, report)
    const reading = counter ? { reading: 'rate' as const } : {}
    return [{ name, of: of.value, metric: metric.value, where: where ?? {}, pods, limit, ...reading }]
  })
  const session = assemble(draft, target, rehearsal, resources)
  const { from, min, max } = session.search
  if (min > from || from > max) {
    const at = draft.rehearsal?.value.at ?? wholeFile(target.file)
    report(
      at,
      'out-of-range',
      `spec.search must have least ≤ from ≤ most, found ${min}x, ${from}x, ${max}x.`,
      'reorder them.',
    )
  }
  return settle<CapacitySession>(found(), found().length > 0 ? undefined : session)
}

type Placed = { readonly at: Issue['at']; readonly value: string }

function checkSource(target: Target, of: Placed, metric: Placed, report: Report): void {
  const source = Object.hasOwn(target.sources, of.value) ? target.sources[of.value] : undefined
  const known = Object.keys(target.sources).join(', ')
  if (source === undefined)
    report(
      of.at,
      'unknown-source',
      `${target.file} has no source ${of.value}.`,
      known === '' ? 'it has none.' : `it has: ${known}.`,
    )
  else if (!source.metrics.includes(metric.value))
    report(
      metric.at,
      'unknown-metric',
      `source ${of.value} does not list the metric ${metric.value}.`,
      `add it in ${target.file}.`,
    )
}

/** Connections with a limit in the rehearsal are resources, too. */
function assemble(
  { search, event, prices }: Partial<Draft>,
  target: Target,
  rehearsal: Rehearsal,
  resources: readonly LimitedResource[],
): CapacitySession {
  const wanted = search?.value
  const from = wanted?.from ?? 1
  const connections = rehearsal.expectations.flatMap((each): readonly LimitedResource[] => {
    if (each.kind !== 'connections') return []
    const { of, metric, where, pods, atMost } = each
    return [{ name: `${metric} of ${of}`, of, metric, where, pods, limit: atMost }]
  })
  return {
    kind: 'capacity',
    search: {
      from,
      min: wanted?.least ?? from / 10,
      max: wanted?.most ?? from * 50,
      growth: wanted?.growth ?? 1.6,
      resolution: wanted?.resolution ?? ratio(0.05),
      measureMs: wanted?.measure ?? seconds(30),
      extensions: 3,
      repeats: wanted?.repeats ?? 4,
      holdMs: wanted?.hold ?? seconds(120),
      holds: wanted?.holds ?? 2,
      odds: wanted?.odds ?? ratio(0.95),
      recovery: { at: 0.8, withinMs: wanted?.recoversWithin ?? seconds(60) },
      budgetMs: wanted?.budget ?? seconds(45 * 60),
    },
    settleMs: wanted?.settle ?? settleOn(target),
    restMs: wanted?.rest ?? seconds(120),
    ...(event === undefined ? {} : { event: event.value }),
    resources: [...resources, ...connections],
    ...(prices && {
      prices: { currency: prices.value.currency, pods: prices.value.pods ?? {}, node: prices.value.node ?? 0 },
    }),
  }
}

/** The ramp, and three syncs of the autoscaler: one to see the load, one to decide, one for the new pods. */
const settleOn = ({ hpaSyncMs }: Target): Millis => seconds(5 + (3 * hpaSyncMs) / 1000)
