/**
 * Is the platform at rest? Between two blocks nothing may still move: autoscalers and workloads are where they want to be, no pod comes or goes,
 * queues are empty, circuit breakers are closed, and no load runs. What could not be read is not at rest.
 */
import type { Evidence, Sample } from '../../domain/evidence.ts'
import type { Target } from '../../domain/rehearsal.ts'
import { type Millis, seconds } from '../../domain/units.ts'

export type RestRules = {
  /** For how long nothing may have changed. */
  readonly stableMs: Millis
  /** A queue of at most this many counts as empty. */
  readonly queueMost: number
}

export const restDefaults: RestRules = { stableMs: seconds(5), queueMost: 0 }

export type AtRest = {
  add(record: Evidence): void
  /** What still moves at this moment; empty when the platform is at rest. */
  unrest(at: number): readonly string[]
}

/** Names that such gauges bear in any platform. */
const QUEUE = /_(lag|backlog|pending|queue_depth|queue_length|unresolved|in_flight|inflight)$/
const BREAKER = /_breaker_state$/
/** Sources that no rule reads are scraped every 5 s; two scrapes may fail. */
const READ_WITHIN_MS = 15_000

type Told = { readonly at: number; readonly why: string | undefined }

export function createAtRest(target: Pick<Target, 'sources'>, rules: RestRules = restDefaults): AtRest {
  const objects = new Map<string, Told>()
  const gauges = new Map<string, { readonly at: number; readonly value: number }>()
  const scraped = new Map<string, number>()
  const running = new Set<string>()
  let loadEndedAt = Number.NEGATIVE_INFINITY
  const watched = Object.entries(target.sources).filter(([, { metrics }]) => metrics.some(isTelling))

  const note = (key: string, at: number, why: string | undefined) => {
    const before = objects.get(key)
    if (before === undefined || before.why !== why) objects.set(key, { at, why })
  }
  const addObject = (record: Extract<Evidence, { kind: 'object-seen' }>) => {
    const { object, change, at } = record
    const key = `${object.resource} ${object.namespace}/${object.name}`
    if (change === 'deleted') objects.delete(key)
    else note(key, change === 'present' ? Number.NEGATIVE_INFINITY : at, movingOf(object))
  }

  return {
    add(record) {
      switch (record.kind) {
        case 'object-seen':
          return addObject(record)
        case 'sample':
          return addSample(record, gauges, scraped)
        case 'block-started':
          running.add(record.block)
          return
        case 'block-ended':
          running.delete(record.block)
          loadEndedAt = Math.max(loadEndedAt, record.at)
          return
        default:
          return
      }
    },
    unrest(at) {
      const moving = [...objects].flatMap(([key, { at: since, why }]) => {
        if (why !== undefined) return [`${key} ${why}`]
        return at - since < rules.stableMs ? [`${key} changed ${((at - since) / 1000).toFixed(0)} s ago`] : []
      })
      const unread = watched.flatMap(([name]) => {
        const last = scraped.get(name)
        if (last !== undefined && last > loadEndedAt && at - last <= READ_WITHIN_MS) return []
        return [`source ${name} was not read since the load ended`]
      })
      return [...running].map((block) => `load runs (${block})`).concat(moving, unread, waiting(gauges, at, rules))
    },
  }
}

const isTelling = (metric: string): boolean => QUEUE.test(metric) || BREAKER.test(metric)

function addSample(
  sample: Sample,
  gauges: Map<string, { readonly at: number; readonly value: number }>,
  scraped: Map<string, number>,
): void {
  if (!sample.ok) return
  scraped.set(sample.source, sample.at)
  const sums = new Map<string, number>()
  for (const { name, value } of sample.series) if (isTelling(name)) sums.set(name, (sums.get(name) ?? 0) + value)
  for (const [name, value] of sums) gauges.set(`${name} of ${sample.source}/${sample.pod}`, { at: sample.at, value })
}

/** A pod that is no longer scraped drops out. */
function waiting(
  gauges: ReadonlyMap<string, { readonly at: number; readonly value: number }>,
  at: number,
  { queueMost }: RestRules,
): readonly string[] {
  return [...gauges].flatMap(([name, { at: readAt, value }]) => {
    if (at - readAt > READ_WITHIN_MS) return []
    const isBreaker = BREAKER.test(name.split(' ')[0] ?? '')
    if (isBreaker) return value > 0 ? [`${name} is ${value}: not closed`] : []
    return value > queueMost ? [`${name} is ${value}`] : []
  })
}

/** What an object still does; undefined when it is where it wants to be. */
function movingOf(object: Extract<Evidence, { kind: 'object-seen' }>['object']): string | undefined {
  switch (object.resource) {
    case 'HorizontalPodAutoscaler':
      return object.current === object.desired ? undefined : `scales from ${object.current} to ${object.desired}`
    case 'Deployment':
      if (object.ready === object.wanted && object.updated === object.wanted && object.current === object.wanted)
        return undefined
      return `has ${object.ready} of ${object.wanted} pods Ready`
    case 'StatefulSet':
      return object.ready === object.wanted ? undefined : `has ${object.ready} of ${object.wanted} pods Ready`
    case 'Pod':
      if (object.deleting) return 'is being deleted'
      return object.podPhase === 'Pending' ? 'is pending' : undefined
    default:
      return undefined
  }
}
