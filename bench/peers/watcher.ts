/** The controller's watches in a process of their own, so that memory and CPU are theirs alone. Reports once a second what it saw and used. */
import { readFileSync } from 'node:fs'
import { kubernetesCluster } from '../../src/adapters/kubernetes/cluster.ts'
import { connectKubernetes } from '../../src/adapters/kubernetes/connect.ts'
import { millis } from '../../src/domain/units.ts'

export type WatcherTick = {
  readonly atMs: number
  readonly seen: number
  readonly pods: number
  readonly nodes: number
  readonly lost: number
  readonly cpuMs: number
  readonly rssMb: number
  readonly peakMb: number
}

const [kubeconfig = '', namespace = ''] = process.argv.slice(2)
const api = await connectKubernetes({ kubeconfig })
const cluster = kubernetesCluster(api)
const target = {
  context: api.context,
  file: 'bench',
  namespace,
  entry: '',
  hpaSyncMs: millis(2000),
  loadFactor: 1,
  sources: {},
  books: [],
  followUps: {},
  providerCalls: [],
  unreadyWithinMs: millis(17_000),
  databases: {},
  addresses: {},
}
let [seen, lost] = [0, 0]
const pods = new Set<string>()
const nodes = new Set<string>()
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())

setInterval(() => {
  const { user, system } = process.cpuUsage()
  const tick: WatcherTick = {
    atMs: performance.now(),
    seen,
    pods: pods.size,
    nodes: nodes.size,
    lost,
    cpuMs: (user + system) / 1000,
    rssMb: process.memoryUsage.rss() / 2 ** 20,
    peakMb: peakMb(),
  }
  console.log(JSON.stringify(tick))
}, 1000).unref()

await cluster.watch(
  target,
  (change, object) => {
    seen += 1
    const kept = object.resource === 'Pod' ? pods : object.resource === 'Node' ? nodes : undefined
    if (change === 'deleted') kept?.delete(object.uid)
    else kept?.add(object.uid)
  },
  (about, problem) => {
    lost += 1
    console.error(`${about}: ${problem}`)
  },
  stop.signal,
)

/** VmHWM of proc(5): the most that was ever resident. */
function peakMb(): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024
}
