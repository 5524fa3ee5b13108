/** The cluster's pods, with the fields that metrics need. */

import type { Fields } from '../../protocols/fields.ts'
import { fieldsOf, textOf, textsOf } from '../machine/json.ts'
import { loopbackOf } from '../topology/node-table.ts'

export type MetricPod = {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** The URL of its metrics, if its annotations name one and it has an address. */
  readonly scrape: { readonly host: string; readonly port: number; readonly path: string } | undefined
}

export function metricPod(pod: Fields): MetricPod {
  const metadata = fieldsOf(pod.metadata)
  return {
    uid: textOf(metadata.uid),
    namespace: textOf(metadata.namespace),
    name: textOf(metadata.name),
    labels: textsOf(metadata.labels),
    scrape: scrapeOf(textsOf(metadata.annotations), fieldsOf(pod.status)),
  }
}

function scrapeOf(annotations: Readonly<Record<string, string>>, status: Fields): MetricPod['scrape'] {
  const ip = textOf(status.podIP)
  const port = Number(annotations['prometheus.io/port'] ?? '')
  if (annotations['prometheus.io/scrape'] !== 'true' || ip === '' || status.phase !== 'Running') return undefined
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined
  const path = annotations['prometheus.io/path'] ?? '/metrics'
  return { host: loopbackOf(ip), port, path: path.startsWith('/') ? path : `/${path}` }
}
