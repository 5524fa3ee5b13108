/**
 * adapters/metrics: reads Prometheus endpoints of pods through the API server's proxy, so that a kubeconfig is enough, and keeps only the series that
 * the target file names. A pod that does not answer is a failed sample.
 */
import type { Clock, Probes } from '../../controller/ports.ts'
import type { Sample } from '../../domain/evidence.ts'
import type { MetricSource } from '../../domain/rehearsal.ts'
import { messageOf } from '../../domain/unknown.ts'
import {
  type ApiResponse,
  demand,
  itemsOf,
  type KubeObject,
  type KubernetesApi,
  paths,
} from '../../protocols/kubernetes/api.ts'
import { quoted } from '../../protocols/kubernetes/api-error.ts'
import { readTargets, TARGETS_PATH } from '../../protocols/prometheus/targets.ts'
import { prometheusRules } from './prometheus-alerts.ts'
import { prometheusSamples } from './prometheus-samples.ts'
import { askPrometheus } from './prometheus-server.ts'
import { readMetrics } from './reading.ts'

const SCRAPE_TIMEOUT_MS = 1500
/** About 60,000 series, which take a few hundred ms to read. A larger answer would delay the run, so it is a failed scrape. */
const SCRAPE_BYTES_MAX = 4 << 20
/** Pods come and go: the pods of a source are listed again at this interval, not at each scrape. */
const PODS_FRESH_MS = 1000

export function kubernetesProbes(api: KubernetesApi, clock: Clock): Probes {
  const podsBySource = new Map<string, { readAt: number; pods: readonly string[] }>()
  const podsOf = async (name: string, source: MetricSource): Promise<readonly string[]> => {
    const known = podsBySource.get(name)
    if (known && clock.now() - known.readAt < PODS_FRESH_MS) return known.pods
    const pods = itemsOf(
      await demand(api, {
        method: 'GET',
        path: paths.pods(source.namespace, source.selector),
        timeoutMs: SCRAPE_TIMEOUT_MS,
      }),
    )
    const running = pods.filter(isRunning).map((pod) => pod.metadata.name)
    podsBySource.set(name, { readAt: clock.now(), pods: running })
    return running
  }
  const scrapePod = async (name: string, source: MetricSource, pod: string): Promise<Sample> => {
    try {
      const path = paths.podProxy(source.namespace, pod, source.port, source.path)
      const response = await api.request({
        method: 'GET',
        path,
        timeoutMs: SCRAPE_TIMEOUT_MS,
        bytesMax: SCRAPE_BYTES_MAX,
      })
      const at = clock.now()
      if (response.status !== 200)
        return { kind: 'sample', at, source: name, pod, ok: false, problem: refusalOf(response) }
      return { kind: 'sample', at, source: name, pod, ...readMetrics(response.text, source.metrics) }
    } catch (error) {
      return failed(clock, name, pod, messageOf(error))
    }
  }
  return {
    query: prometheusSamples(api, clock),
    rules: prometheusRules(api),
    scraped: async (prometheus) => {
      try {
        const { status, text } = await askPrometheus(api, prometheus, TARGETS_PATH)
        return readTargets(status, text)
      } catch {
        // The queries report whether it can be reached at all.
        return undefined
      }
    },
    scrape: async (name, source) => {
      try {
        const pods = await podsOf(name, source)
        // A source without pods is a measurement too: an empty answer would look like a silent source.
        if (pods.length === 0) return [failed(clock, name, '', 'no running pod matches its selector')]
        return await Promise.all(pods.map((pod) => scrapePod(name, source, pod)))
      } catch (error) {
        return [failed(clock, name, '', `cannot list its pods: ${messageOf(error)}`)]
      }
    },
  }
}

/** The status and the server's message, in which the API server says why its call to the pod failed. */
function refusalOf({ status, text, json }: ApiResponse): string {
  const message = typeof json === 'object' && json !== null && 'message' in json ? json.message : undefined
  const said = typeof message === 'string' ? message : text
  return `answered ${status}${said.trim() === '' ? '' : `: ${quoted(said.trim())}`}`
}

const failed = (clock: Clock, source: string, pod: string, problem: string): Sample => ({
  kind: 'sample',
  at: clock.now(),
  source,
  pod,
  ok: false,
  problem,
})

function isRunning(pod: KubeObject): boolean {
  const { podIP, phase } = (pod.status ?? {}) as { podIP?: string; phase?: string }
  return phase === 'Running' && podIP !== undefined
}
