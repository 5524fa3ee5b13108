/**
 * Holes: stretches of the run in which a stream of records with an expected rate has none. Missing records are missing evidence: each hole is a
 * gap, and `lost-evidence.ts` decides what it excuses. A scrape that failed has a record that says so, and is no hole.
 */
import type { Finding } from '../../domain/verdict.ts'
import { compare, finding } from '../findings/findings.ts'
import { count, duration, listed } from '../findings/words.ts'
import type { PodLife } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { PAUSE_MS, type Stream } from '../seen/streams.ts'

export type Hole = {
  readonly stream: Pick<Stream, 'of' | 'pod'> & { readonly kind: Stream['kind'] | 'journal' }
  readonly fromAt: number
  readonly toAt: number
  readonly lines: readonly number[]
  /** It reaches to the end of the load. */
  readonly atEnd: boolean
}

/** A hole is longer than 5 s, and than five intervals of a slower stream: one late or failed record is none. */
const INTERVALS = 5
/** Totals of the load are in its last frame, which comes with the end of the load: two intervals later at most. */
const LAST_FRAME_INTERVALS = 1.5

function limitOf(seen: Seen, { kind, of, medianMs = 0 }: Stream): number {
  // The pods of a source are scraped together, so that its own intervals are near zero.
  const pods = kind === 'source' ? seen.streams.all.filter((each) => each.kind === 'pod' && each.of === of) : []
  return Math.max(PAUSE_MS, INTERVALS * Math.max(medianMs, ...pods.map((each) => each.medianMs ?? 0)))
}

/** Holes while the load ran, of every stream. */
export function holesIn(seen: Seen): readonly Hole[] {
  const window = loadWindow(seen)
  if (!window) return []
  return [...silence(seen, window), ...seen.streams.all.flatMap((stream) => holesOf(seen, stream, window))]
}

type Window = { readonly fromAt: number; readonly toAt: number }

/** Undefined if the load was never seen to start. */
function loadWindow({ run }: Seen): Window | undefined {
  return run.zeroAt === undefined ? undefined : { fromAt: run.zeroAt, toAt: run.seenUntil }
}

/** While the load runs something is recorded every second: where nothing is, observations are missing too, which have no rate of their own. */
function silence({ streams }: Seen, { fromAt, toAt }: Window): readonly Hole[] {
  const moments = [fromAt, ...streams.moments.filter((at) => at > fromAt && at < toAt), toAt]
  return moments.flatMap((at, index) => {
    const since = moments[index - 1] ?? at
    const stream = { kind: 'journal', of: '' } as const
    return at - since > PAUSE_MS ? [{ stream, fromAt: since, toAt: at, lines: [], atEnd: at === toAt }] : []
  })
}

function holesOf(seen: Seen, stream: Stream, window: Window): readonly Hole[] {
  const { lastAt, lastLine, firstAt } = stream
  const first = { fromAt: Math.min(window.fromAt, firstAt), toAt: firstAt, lines: [lastLine], atEnd: false }
  const last = { fromAt: lastAt, toAt: Math.max(window.toAt, lastAt), lines: [lastLine], atEnd: true }
  const limit = limitOf(seen, stream)
  const inner = stream.pauses.map(({ line, ...pause }) => ({ ...pause, lines: [line], atEnd: false }))
  // A pod may be born late.
  return [...(stream.kind === 'pod' ? [] : [first]), ...inner, last]
    .map((each) => ({
      ...each,
      stream,
      fromAt: Math.max(each.fromAt, window.fromAt),
      toAt: Math.min(each.toAt, window.toAt),
    }))
    .filter((each) => each.toAt - each.fromAt > limit && !isExplained(seen, each, limit))
}

/** A pod that does not run is not scraped. */
function isExplained(seen: Seen, { stream, fromAt, toAt, atEnd }: Hole, limitMs: number): boolean {
  if (stream.kind !== 'pod') return false
  const namespace = seen.run.head.target.sources[stream.of]?.namespace
  const lives = seen.objects.lives.all.filter(
    (life) => life.name === stream.pod && (namespace === undefined || life.namespace === namespace),
  )
  if (lives.length === 0) return atEnd
  const ran = lives.map(
    (life) => Math.min(toAt, endOf(life)) - Math.max(fromAt, life.runsAt ?? Number.POSITIVE_INFINITY),
  )
  return Math.max(...ran) <= limitMs
}

const endOf = ({ deletingAt, endedAt, goneAt }: PodLife): number =>
  Math.min(
    deletingAt ?? Number.POSITIVE_INFINITY,
    endedAt ?? Number.POSITIVE_INFINITY,
    goneAt ?? Number.POSITIVE_INFINITY,
  )

/** Whether the last frames of a load generator are missing, and with them totals. */
export function totalsMissing(seen: Seen): boolean {
  const { run } = seen
  const instances = seen.streams.all.filter(({ kind }) => kind === 'frames')
  if (instances.length === 0 || seen.load.restarts.length > 0) return true
  return instances.some(({ of, lastAt, medianMs, count }) => {
    const ended = run.loadEnds.find(({ record }) => record.instance === of)?.record
    if (!ended) return false
    if (ended.frames !== undefined) return ended.frames !== count
    return ended.at - lastAt > LAST_FRAME_INTERVALS * (medianMs ?? PAUSE_MS)
  })
}

/** Pods that were scraped and that the watches never showed, although they showed others of that namespace: observations are missing. */
export function unobservedPods(seen: Seen): readonly { readonly pod: string; readonly line: number }[] {
  const lives = seen.objects.lives.all
  const namespaces = new Set(lives.map(({ namespace }) => namespace))
  const known = new Set(lives.map(({ namespace, name }) => `${namespace}/${name}`))
  return seen.streams.all.flatMap(({ kind, of, pod, lastLine }) => {
    const namespace = seen.run.head.target.sources[of]?.namespace
    if (kind !== 'pod' || namespace === undefined || !namespaces.has(namespace)) return []
    return known.has(`${namespace}/${pod}`) ? [] : [{ pod: `${namespace}/${pod}`, line: lastLine }]
  })
}

/** One finding for each stream; a hole in a wider stream stands for those inside it. */
export function holeFindings(seen: Seen): readonly Finding[] {
  const holes = holesIn(seen)
  const wider = (each: Hole) => holes.some((other) => contains(other, each))
  const told = holes.filter((each) => !wider(each))
  return [
    ...[...Map.groupBy(told, ({ stream }) => `${stream.kind} ${stream.of}`).values()].map((each) =>
      holeFinding(seen, each),
    ),
    ...unobserved(seen),
    ...restarted(seen),
    ...misplaced(seen),
  ]
}

function contains(other: Hole, { stream, fromAt, toAt }: Hole): boolean {
  if (other.fromAt > fromAt + PAUSE_MS || other.toAt < toAt - PAUSE_MS) return false
  if (other.stream.kind === 'journal') return stream.kind !== 'journal'
  return other.stream.kind === 'source' && stream.kind === 'pod' && other.stream.of === stream.of
}

function holeFinding(seen: Seen, holes: readonly Hole[]): Finding {
  const [longest] = [...holes].sort((a, b) => b.toAt - b.fromAt - (a.toAt - a.fromAt))
  if (!longest) throw new Error('a group has holes')
  const ms = Math.max(...holes.map(({ fromAt, toAt }) => toAt - fromAt))
  const pods = [...new Set(holes.flatMap(({ stream }) => stream.pod ?? []))].sort(compare)
  const { subject, sentence } = words(longest.stream, duration(ms), pods)
  const lines = holes.flatMap((each) => each.lines)
  return finding('gap', 'evidence-lost', subject, sentence, lines.length > 0 ? lines : seen.run.loadLines)
}

function words(
  { kind, of }: Hole['stream'],
  time: string,
  pods: readonly string[],
): { subject: string; sentence: string } {
  switch (kind) {
    case 'frames':
      return { subject: 'load frames', sentence: `The load generator reported nothing for ${time}.` }
    case 'health':
      return { subject: 'generator', sentence: `CPU of the load generator ${of} was not measured for ${time}.` }
    case 'source':
      return { subject: of, sentence: `Scrapes of ${of} are missing for ${time}: neither a reading nor a failure.` }
    case 'pod':
      return { subject: of, sentence: `Scrapes of ${listed(pods)} are missing for ${time}, although the pod ran.` }
    case 'journal':
      return { subject: 'journal', sentence: `Nothing at all was recorded for ${time} while the load ran.` }
  }
}

function unobserved(seen: Seen): readonly Finding[] {
  const pods = unobservedPods(seen)
  if (pods.length === 0) return []
  const names = listed(pods.map(({ pod }) => pod).sort(compare))
  const sentence = `The watch of pods missed ${names}, which ${pods.length === 1 ? 'was' : 'were'} scraped.`
  return [
    finding(
      'gap',
      'evidence-lost',
      'observations',
      sentence,
      pods.map(({ line }) => line),
    ),
  ]
}

function restarted({ load }: Seen): readonly Finding[] {
  if (load.restarts.length === 0) return []
  const sentence = 'The load generator restarted its counters: its counts since the frame before are lost.'
  return [finding('gap', 'evidence-lost', 'load frames', sentence, load.restarts)]
}

function misplaced({ streams }: Seen): readonly Finding[] {
  const { count: lines, lines: where, kinds } = streams.misplaced
  if (lines === 0) return []
  const what = lines === 1 ? 'repeats a record or is' : 'repeat records or are'
  const sentence = `${count(lines, 'line')} of the journal ${what} out of order: ${listed([...kinds].sort(compare))}.`
  return [finding('gap', 'evidence-lost', 'journal', sentence, where)]
}
