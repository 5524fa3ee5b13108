/**
 * Scrapes every annotated pod once a second. The requests come from the machine itself, 127.0.0.1, like those of a node, so the pods'
 * NetworkPolicies do not apply. A pod that does not answer in time has no new reading.
 */

import { Agent, request } from 'node:http'
import { messageOf } from '../../domain/unknown.ts'
import { WINDOW_MAX_MS } from './metric-rules.ts'
import type { MetricPod } from './pods.ts'
import { readingOf, type UsageReading } from './reading.ts'

export type Scraper = {
  /** The readings of a pod, sorted by time; empty when it never answered. */
  readingsOf(uid: string): readonly UsageReading[]
  stop(): void
}

const EVERY_MS = 1000
const WITHIN_MS = 900
const AT_ONCE_MAX = 16
const BODY_MAX_BYTES = 4 * 1024 * 1024
const KEPT_MS = WINDOW_MAX_MS + 5000

export function startScraper(pods: () => Iterable<MetricPod>, trouble: (text: string) => void): Scraper {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const rings = new Map<string, UsageReading[]>()
  const underWay = new Set<string>()
  const silent = new Set<string>()

  const scrape = async (pod: MetricPod): Promise<void> => {
    underWay.add(pod.uid)
    try {
      const reading = readingOf(await textFrom(agent, pod), Date.now())
      const ring = (rings.get(pod.uid) ?? []).filter(({ atMs }) => reading.atMs - atMs <= KEPT_MS)
      rings.set(pod.uid, [...ring, reading])
      if (silent.delete(pod.uid)) trouble(`${pod.namespace}/${pod.name} answers again`)
    } catch (error) {
      if (!silent.has(pod.uid)) trouble(`${pod.namespace}/${pod.name}: ${messageOf(error)}`)
      silent.add(pod.uid)
    } finally {
      underWay.delete(pod.uid)
    }
  }

  const round = async (): Promise<void> => {
    const wanted = [...pods()].filter((pod) => pod.scrape !== undefined)
    forget(rings, silent, new Set(wanted.map((pod) => pod.uid)))
    const queue = wanted.filter((pod) => !underWay.has(pod.uid))
    const lane = async (): Promise<void> => {
      for (let pod = queue.shift(); pod !== undefined; pod = queue.shift()) await scrape(pod)
    }
    await Promise.all(Array.from({ length: AT_ONCE_MAX }, lane))
  }

  const timer = setInterval(() => void round(), EVERY_MS)
  return {
    readingsOf: (uid) => rings.get(uid) ?? [],
    stop() {
      clearInterval(timer)
      agent.destroy()
    },
  }
}

function forget(rings: Map<string, unknown>, silent: Set<string>, present: ReadonlySet<string>): void {
  for (const uid of rings.keys()) if (!present.has(uid)) rings.delete(uid)
  for (const uid of silent) if (!present.has(uid)) silent.delete(uid)
}

function textFrom(agent: Agent, pod: MetricPod): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const { host = '', port = 0, path = '/' } = pod.scrape ?? {}
  const signal = AbortSignal.timeout(WITHIN_MS)
  const outgoing = request({ agent, host, port, path, signal, headers: { accept: 'text/plain' } }, (answer) => {
    let text = ''
    answer.setEncoding('utf8')
    answer.on('data', (chunk: string) => {
      text += chunk
      if (text.length > BODY_MAX_BYTES) outgoing.destroy(new Error('the answer is too large'))
    })
    answer.on('error', reject)
    answer.on('end', () =>
      answer.statusCode === 200 ? resolve(text) : reject(new Error(`${path} answered ${answer.statusCode}`)),
    )
  })
  outgoing.on('error', reject)
  outgoing.end()
  return promise
}
