/**
 * The metrics for autoscalers and `kubectl top`: custom.metrics.k8s.io from the pods' own Prometheus endpoints, and metrics.k8s.io from the
 * runtime's counters. Values are computed from the last seconds; without data there is no value. Started by the owner as `main.ts --lab
 * <root>`.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Fields } from '../../protocols/fields.ts'
import { connect } from '../cluster-access/connect.ts'
import { follow } from '../cluster-access/follow.ts'
import { startDaemon } from '../machine/daemon.ts'
import { labPaths } from '../machine/paths.ts'
import { answerTo, type Sources } from './answers.ts'
import { evaluate } from './evaluate.ts'
import { metricRules } from './metric-rules.ts'
import { type MetricPod, metricPod } from './pods.ts'
import { register } from './registration.ts'
import { startScraper } from './scraper.ts'
import { startServer } from './server.ts'
import { startUsageMeter } from './usage.ts'

const { root, log, run, stopping, untilDone } = startDaemon('metrics-api')
const paths = labPaths(root)

const pem = (name: string): string => readFileSync(join(paths.controlPlane, name), 'utf8')

async function serve(): Promise<void> {
  const cluster = await untilDone('kubeconfig', () => connect(root))
  const pods = new Map<string, MetricPod>()
  const scraper = startScraper(() => pods.values(), log)
  const meter = startUsageMeter(paths.runtimeSocket, log)
  const sources: Sources = {
    metricNames: Object.keys(metricRules),
    pods: () => pods.values(),
    usage: () => meter.latest(),
    valueOf: (metric, pod) => {
      const rule = metricRules[metric]
      return rule === undefined ? undefined : evaluate(rule, scraper.readingsOf(pod.uid), Date.now())
    },
  }
  const credentials = {
    certificate: pem('metrics-api.crt'),
    key: pem('metrics-api.key'),
    frontProxyAuthority: pem('front-proxy-ca.crt'),
  }
  const server = await startServer(credentials, (target) => answerTo(target, sources))
  await untilDone('registration', () => register(cluster, server.port, pem('ca.crt')))
  log(`metrics at port ${server.port}`)

  const keep = (item: Fields) => {
    const pod = metricPod(item)
    pods.set(pod.uid, pod)
  }
  const replaced = (items: readonly Fields[]) => {
    pods.clear()
    items.forEach(keep)
  }
  const removed = (item: Fields) => void pods.delete(metricPod(item).uid)
  await follow(() => cluster, '/api/v1/pods', { replaced, changed: keep, removed }, stopping, log)
  scraper.stop()
  meter.stop()
  server.close()
  cluster.close()
}

await run(serve)
