/**
 * OpenSLO documents as objectives of a rehearsal. What a rehearsal does not support is refused with its place; what it does not use is reported.
 * Nothing is dropped silently.
 */
import type { Slis } from '../../domain/indicators.ts'
import type { SourcePoint } from '../../domain/issue.ts'
import type { PrometheusSli } from '../../domain/prometheus-sli.ts'
import { showDuration } from '../../domain/show.ts'
import { type Millis, millis, ratio } from '../../domain/units.ts'
import { isObject } from '../../domain/unknown.ts'
import { chooseAmong } from '../did-you-mean.ts'
import { type Files, readText } from '../files.ts'
import { DAY_MS, durationPattern, readDuration } from '../quantities.ts'
import type { SloDraft } from '../rehearsal.ts'
import { QUANTILES } from '../rehearsal-shape.ts'
import type { Report } from '../report.ts'
import type { Placed } from '../shape.ts'
import { sliName } from '../sli-shape.ts'
import { openDocuments, type YamlNode } from '../yaml-node.ts'
import { indicatorOf, publishedIndicator } from './indicator.ts'
import {
  CEILING,
  type IndicatorSpec,
  type ObjectiveDraft,
  type SliDocument,
  type SloDocument,
  sliDocument,
  sloDocument,
  UNIT,
} from './shape.ts'
import { wholeMinutes } from './window.ts'

export type OpenSlo = { readonly slos: readonly SloDraft[]; readonly slis: Slis }

/** `lastsMs`: the length of the timeline, which takes the place of a time window. */
export function readOpenSlo(
  files: Files,
  path: string,
  namedAt: SourcePoint,
  lastsMs: number,
  report: Report,
): OpenSlo {
  const text = readText(files, path, namedAt, 'OpenSLO file', report)
  const roots = text === undefined ? [] : openDocuments(path, text, report)
  const { slos, slis } = decoded(
    roots.flatMap((root) => (root.kind === 'list' ? root.items : [root])),
    report,
  )
  if (roots.length > 0 && slos.length === 0)
    report(namedAt, 'missing-key', `${path} holds no document of the kind SLO.`, 'name a file that does.')
  const read = slos.map((slo) => objectivesOf(slo, slis, lastsMs, report))
  return {
    slos: read.flatMap((each) => each.slos),
    slis: Object.fromEntries(read.flatMap(({ sli }) => (sli === undefined ? [] : [[sli.name, sli.spec]]))),
  }
}

type Documents = { readonly slos: readonly Placed<SloDocument>[]; readonly slis: readonly SliDocument[] }

function decoded(nodes: readonly YamlNode[], report: Report): Documents {
  const slos: Placed<SloDocument>[] = []
  const slis: SliDocument[] = []
  for (const node of nodes) {
    const kind = kindOf(node)
    if (kind === 'SLO') {
      const slo = sloDocument.decode(node, report)
      if (slo) slos.push({ at: node.at, value: slo.value })
    } else if (kind === 'SLI') {
      const sli = sliDocument.decode(node, report)
      if (sli) slis.push(sli.value)
    } else if (kind !== 'Service') reportKind(node, kind, report)
  }
  return { slos, slis }
}

function kindOf(node: YamlNode): string | undefined {
  const value = node.kind === 'map' ? node.entries.find(({ key }) => key === 'kind')?.value : undefined
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined
}

const UNUSED: readonly string[] = ['DataSource', 'AlertPolicy', 'AlertCondition', 'AlertNotificationTarget']

function reportKind(node: YamlNode, kind: string | undefined, report: Report): void {
  if (kind !== undefined && UNUSED.includes(kind))
    return report(
      node.at,
      'openslo-unused',
      `A rehearsal does not use documents of the kind ${kind}.`,
      'leave it, or move it to another file.',
    )
  const next = chooseAmong(kind ?? '', ['SLO', 'SLI', 'Service', ...UNUSED], 'kinds of OpenSLO')
  report(node.at, 'wrong-value', `This is no document of OpenSLO v1: its kind is ${kind ?? 'missing'}.`, next)
}

type Read = {
  readonly slos: readonly SloDraft[]
  readonly sli?: { readonly name: string; readonly spec: PrometheusSli }
}
const NOTHING: Read = { slos: [] }

function objectivesOf(
  { at, value: { metadata, spec } }: Placed<SloDocument>,
  slis: readonly SliDocument[],
  lastsMs: number,
  report: Report,
): Read {
  checkWindow(spec, lastsMs, report)
  checkBudget(spec, report)
  if (spec.alertPolicies !== undefined)
    report(
      spec.alertPolicies.at,
      'openslo-unused',
      'A rehearsal does not use alert policies.',
      'use guardrails to stop a run.',
    )
  const named = indicatorNamed(metadata.name, spec, slis, at, report)
  if (named === undefined) return NOTHING
  const ceiling = ceilingOf(metadata, report)
  const objectives = (name: Placed<string>, measure: Measure) =>
    spec.objectives.flatMap((each) => objectiveOf(each, name, measure, ceiling, report) ?? [])
  const own = publishedIndicator(named.spec)
  // What matchday publishes itself is the indicator of the load generator: it is not read back from Prometheus.
  if (own) return { slos: objectives({ at: named.name.at, value: own.sli }, own.isLatency ? { latencyIn: 's' } : {}) }
  if (!isSliName(named.name, report)) return NOTHING
  const indicator = indicatorOf(named.name.value, named.name.at, named.spec, named.unit, report)
  if (indicator === undefined) return NOTHING
  const measure = indicator.kind === 'prometheus-buckets' ? { latencyIn: indicator.unit } : {}
  return { slos: objectives(named.name, measure), sli: { name: named.name.value, spec: indicator } }
}

type SloSpec = SloDocument['spec']
type Named = { readonly name: Placed<string>; readonly spec: IndicatorSpec; readonly unit: 's' | 'ms' | undefined }
/** A latency has limits in this unit; anything else has none. */
type Measure = { readonly latencyIn?: 's' | 'ms' }

/** An indicator without a name gets the name of its objective. */
function indicatorNamed(
  slo: Placed<string>,
  { indicator, indicatorRef }: SloSpec,
  slis: readonly SliDocument[],
  at: SourcePoint,
  report: Report,
): Named | undefined {
  if ((indicator === undefined) === (indicatorRef === undefined)) {
    report(at, 'wrong-value', 'An SLO has an indicator or an indicatorRef.', 'give it one of the two.')
    return undefined
  }
  if (indicator !== undefined) {
    const { metadata, spec } = indicator.value
    return { name: metadata?.name ?? slo, spec, unit: unitIn(metadata) }
  }
  const found = slis.find(({ metadata }) => metadata.name.value === indicatorRef?.value)
  if (found !== undefined) return { name: found.metadata.name, spec: found.spec, unit: unitIn(found.metadata) }
  const known = slis.map(({ metadata }) => metadata.name.value)
  const ref = indicatorRef ?? slo
  const next = `${chooseAmong(ref.value, known, 'indicators of this file')} The SLI must stand in the same file.`
  report(ref.at, 'unknown-sli', `There is no SLI "${ref.value}" in this file.`, next)
  return undefined
}

/** The unit of a histogram whose name does not say it. */
function unitIn(metadata: SliDocument['metadata'] | undefined): 's' | 'ms' | undefined {
  const unit = annotationIn(metadata, UNIT)
  return unit === 's' || unit === 'ms' ? unit : undefined
}

function ceilingOf(metadata: SloDocument['metadata'], report: Report): Placed<Millis> | undefined {
  const written = annotationIn(metadata, CEILING)
  const at = metadata.annotations?.at
  if (written === undefined || at === undefined) return undefined
  const next = 'write for example 400ms.'
  if (!durationPattern.test(written)) {
    report(at, 'wrong-value', `The annotation ${CEILING} must be a duration, found "${written}".`, next)
    return undefined
  }
  const ceilingMs = readDuration(written)
  if (ceilingMs >= 1 && ceilingMs <= DAY_MS) return { at, value: millis(ceilingMs) }
  report(at, 'out-of-range', `The annotation ${CEILING} must be at least 1ms and at most 24h.`, next)
  return undefined
}

function annotationIn(metadata: SloDocument['metadata'] | undefined, key: string): string | undefined {
  const all = metadata?.annotations?.value
  const value = isObject(all) && Object.hasOwn(all, key) ? all[key] : undefined
  return typeof value === 'string' ? value : undefined
}

function isSliName({ at, value }: Placed<string>, report: Report): boolean {
  if (sliName.pattern.test(value)) return true
  const problem = `"${value}" cannot be the name of an indicator here, which is ${sliName.form}, at most 31 characters.`
  report(at, 'wrong-value', problem, 'give the indicator a name of its own, under indicator.metadata.')
  return false
}

function checkBudget({ budgetingMethod: { at, value }, objectives }: SloSpec, report: Report): void {
  const next = 'use Occurrences: a share of all attempts.'
  if (value !== 'Occurrences')
    return report(
      at,
      'openslo-refused',
      `${value} judge shares of time, and a rehearsal judges shares of attempts.`,
      next,
    )
  for (const { timeSliceTarget, timeSliceWindow } of objectives.map((each) => each.value)) {
    const slice = timeSliceTarget ?? timeSliceWindow
    if (slice) report(slice.at, 'openslo-refused', 'A rehearsal does not judge time slices.', next)
  }
}

const MS_PER: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000 }

function checkWindow({ timeWindow }: SloSpec, lastsMs: number, report: Report): void {
  const [first, second] = timeWindow ?? []
  if (second !== undefined) report(second.at, 'wrong-value', 'An SLO has one time window at most.', 'keep one.')
  if (first === undefined) return
  const { duration, isRolling, calendar } = first.value
  if (calendar !== undefined || isRolling !== true) {
    const problem =
      'A calendar window has no meaning in a rehearsal, which is judged from the start to the end of its load.'
    return report(calendar?.at ?? first.at, 'openslo-refused', problem, 'use a rolling window (isRolling: true).')
  }
  if (Number(duration.slice(0, -1)) * (MS_PER[duration.slice(-1)] ?? 0) === wholeMinutes(lastsMs)) return
  const problem = `The window of ${duration} is not used: the objective is judged over the load, which lasts ${showDuration(millis(lastsMs))}.`
  report(first.at, 'openslo-unused', problem, 'nothing; the target holds for that time.')
}

function objectiveOf(
  { at, value }: ObjectiveDraft,
  name: Placed<string>,
  { latencyIn }: Measure,
  ceiling: Placed<Millis> | undefined,
  report: Report,
): SloDraft | undefined {
  const composite = value.indicator ?? value.indicatorRef ?? value.compositeWeight
  if (composite !== undefined) {
    report(
      composite.at,
      'openslo-refused',
      'A rehearsal does not judge composite SLOs.',
      'write an SLO for each indicator.',
    )
    return undefined
  }
  const target = targetOf(value, at, report)
  if (target === undefined) return undefined
  const sli = { at: name.at, value: name.value }
  const base = {
    sli,
    objective: undefined,
    p50: undefined,
    p90: undefined,
    p95: undefined,
    p99: undefined,
    ceiling: undefined,
  }
  if (latencyIn === undefined) {
    const extra = value.op ?? value.value
    if (extra) report(extra.at, 'wrong-value', 'op and value belong to a thresholdMetric.', 'remove them.')
    return { at, value: { ...base, objective: target } }
  }
  const limit = limitOf(value, latencyIn, at, report)
  const quantile = quantileOf(target, value.target?.at ?? value.targetPercent?.at ?? at, report)
  return limit && quantile && { at, value: { ...base, [quantile]: limit, ceiling } }
}

type Objective = ObjectiveDraft['value']

function targetOf({ target, targetPercent }: Objective, at: SourcePoint, report: Report) {
  const given = target ?? targetPercent
  if (given === undefined || (target !== undefined && targetPercent !== undefined)) {
    report(at, 'wrong-value', 'An objective has a target or a targetPercent.', 'give it one of the two.')
    return undefined
  }
  // As a decimal shifted by two places, so that 99.9 is exactly the double nearest to 0.999.
  const share = targetPercent === undefined ? given.value : Number(`${targetPercent.value}e-2`)
  if (share >= 0.01 && share <= 0.999999) return ratio(share)
  report(
    given.at,
    'out-of-range',
    `The target must be a share from 0.01 to 0.999999, found ${share}.`,
    'choose one that can be proven.',
  )
  return undefined
}

type Quantile = keyof typeof QUANTILES

function quantileOf(share: number, at: SourcePoint, report: Report): Quantile | undefined {
  const known = Object.entries(QUANTILES).find(([, each]) => each === share)?.[0] as Quantile | undefined
  if (known === undefined) {
    const shares = Object.values(QUANTILES).join(', ')
    report(
      at,
      'openslo-refused',
      `A latency is judged at the shares ${shares}, found ${share}.`,
      `choose one of ${shares}.`,
    )
  }
  return known
}

function limitOf(
  { op, value }: Objective,
  unit: 's' | 'ms',
  at: SourcePoint,
  report: Report,
): Placed<Millis> | undefined {
  if (op === undefined || value === undefined) {
    report(
      at,
      'missing-key',
      'The objective of a thresholdMetric has op and value.',
      'add op: lte and the limit as value.',
    )
    return undefined
  }
  if (op.value !== 'lte') {
    const problem = `A bucket counts the attempts within a limit (lte), found ${op.value}.`
    report(op.at, 'openslo-refused', problem, 'write op: lte.')
    return undefined
  }
  const limitMs = Math.round(value.value * (unit === 's' ? 1e6 : 1e3)) / 1e3
  if (limitMs >= 1 && Number.isInteger(limitMs)) return { at: value.at, value: millis(limitMs) }
  report(value.at, 'out-of-range', `The limit must be whole milliseconds, found ${limitMs} ms.`, 'choose 1 ms or more.')
  return undefined
}
