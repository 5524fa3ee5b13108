/**
 * The Prometheus text exposition format, version 0.0.4, and OpenMetrics text as far as it is the same, read into samples. Pods
 * answer /metrics with it; witnesses and the autoscaler's metrics read it. One bad line doesn't spoil the others, but is reported.
 */

export type SeriesLabels = Readonly<Record<string, string>>
export type SeriesSample = {
  readonly name: string
  readonly labels: SeriesLabels
  /** May be NaN or infinite, as in the text. */
  readonly value: number
  /** Only where the exposition gives one; most don't. */
  readonly timestampMs?: number
}
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'
export type Exposition = {
  readonly samples: readonly SeriesSample[]
  /** Type by family name, where declared. */
  readonly types: ReadonlyMap<string, MetricType>
  /** Families that a HELP or TYPE line names, whether or not they have samples. */
  readonly families: ReadonlySet<string>
  /** `name` is the metric of the bad line, where that much could be read. */
  readonly problems: readonly { readonly line: number; readonly name?: string; readonly problem: string }[]
}

/**
 * Whether the exposition knows a metric that has no samples: a labelled counter has none before it first counts. Parts of a histogram or
 * summary are declared by their family, as is a counter of OpenMetrics, whose family has no `_total`.
 */
export function isDeclared({ families, types }: Exposition, metric: string): boolean {
  if (families.has(metric)) return true
  const [, family = '', part] = /^(.+)_(total|bucket|sum|count)$/.exec(metric) ?? []
  const type = types.get(family)
  return part === 'total' ? type === 'counter' : type === 'histogram' || (type === 'summary' && part !== 'bucket')
}

/**
 * Reads a whole exposition, or only the samples of the metrics that are `wanted`. Never throws: what can't be read is a problem with its line number. A
 * line without a metric's name is one in both cases.
 */
export function parseExposition(text: string, wanted?: ReadonlySet<string>): Exposition {
  const samples: SeriesSample[] = []
  const types = new Map<string, MetricType>()
  const families = new Set<string>()
  const problems: { line: number; name?: string; problem: string }[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '') continue
    if (line.startsWith('#')) {
      readType(line, types)
      const family = /^#\s*(?:HELP|TYPE)\s+(\S+)/.exec(line)?.[1]
      if (family !== undefined) families.add(family)
      continue
    }
    const name = METRIC_NAME.exec(line)?.[0]
    if (name !== undefined && wanted?.has(name) === false) continue
    const sample = name === undefined ? `no metric name at "${excerpt(line)}"` : readSample(line, name)
    if (typeof sample === 'string')
      problems.push({ line: index + 1, ...(name === undefined ? {} : { name }), problem: sample })
    else samples.push(sample)
  }
  return { samples, types, families, problems }
}

const TYPES: Readonly<Record<string, MetricType>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  summary: 'summary',
  untyped: 'untyped',
  unknown: 'untyped',
}

function readType(line: string, types: Map<string, MetricType>): void {
  const [, name, word] = /^#\s*TYPE\s+(\S+)\s+(\S+)\s*$/.exec(line) ?? []
  if (name === undefined || word === undefined) return
  const type = Object.hasOwn(TYPES, word) ? TYPES[word] : undefined
  if (type !== undefined) types.set(name, type)
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/

function readSample(line: string, name: string): SeriesSample | string {
  const labelled = readLabels(line, name.length)
  if (typeof labelled === 'string') return labelled
  // OpenMetrics appends exemplars behind " # ".
  const [value, timestamp, more] = (line.slice(labelled.end).split(' # ')[0] ?? '').trim().split(/\s+/)
  if (value === undefined || value === '') return `"${name}" has no value`
  if (more !== undefined) return `too many words behind "${name}"`
  const number = readNumber(value)
  if (number === undefined) return `"${excerpt(value)}" is no number`
  if (timestamp === undefined) return { name, labels: labelled.labels, value: number }
  if (!/^-?\d+(\.\d+)?$/.test(timestamp)) return `"${excerpt(timestamp)}" is no timestamp`
  return { name, labels: labelled.labels, value: number, timestampMs: Number(timestamp) }
}

const excerpt = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text)

function readNumber(word: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word)) return Number(word)
  if (/^[+-]?inf(inity)?$/i.test(word)) return word.startsWith('-') ? -Infinity : Infinity
  return /^nan$/i.test(word) ? Number.NaN : undefined
}

// One label, or the end of the list. Sticky, so that a long line is walked once.
const LABEL = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\\n]|\\.)*)"\s*(,|(?=\}))/y

function readLabels(line: string, from: number): { readonly labels: SeriesLabels; readonly end: number } | string {
  const open = /\s*\{/y
  open.lastIndex = from
  if (!open.test(line)) return { labels: {}, end: from }
  const entries: [string, string][] = []
  let at = open.lastIndex
  for (;;) {
    const close = /\s*\}/y
    close.lastIndex = at
    if (close.test(line)) return { labels: Object.fromEntries(entries), end: close.lastIndex }
    LABEL.lastIndex = at
    const label = LABEL.exec(line)
    if (label === null) return `labels can't be read at "${excerpt(line.slice(at))}"`
    entries.push([label[1] ?? '', unescaped(label[2] ?? '')])
    at = LABEL.lastIndex
  }
}

const unescaped = (text: string): string =>
  text.includes('\\') ? text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char)) : text
