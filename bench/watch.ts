/**
 * Watching a large cluster: a real API server, 1,000 nodes and 10,000 pods that KWOK plays, and the controller's watches on them while
 * pods come and go. What the watches hold and cost, from their first list on.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { resolveTool } from '../src/toolchain/toolchain.ts'
import { type BareCluster, startBareCluster } from '../test/lab/support/bare-cluster.ts'
import { commandFlags } from '../test/support/command-flags.ts'
import type { WatcherTick } from './peers/watcher.ts'

const NODES = 1000
const PODS = 10_000
/** New, running, deleted, gone: what each replaced pod is seen as at least. */
const VERSIONS_PER_POD = 4
const GOAL_MB = 300
const GOAL_CORES = 1
/** A rollout that replaces 20 pods a second. */
const CHURN_PODS_PER_SECOND = 20
const CHURN_SECONDS = 45
/** Requests in flight; more would only queue in the API server. */
const AT_ONCE = 24
const SETTLE_MS = 60_000
const NAMESPACE = 'crowd'

export async function bench(): Promise<{ name: string; goal: string; figure: string; met: boolean }[]> {
  const kwok = await resolveTool('kwok')
  const bare = await startBareCluster()
  const children: ChildProcess[] = []
  try {
    children.push(playNodes(kwok.path, bare))
    await fill(bare)
    const watcher = startWatcher(bare)
    children.push(watcher.child)
    const before = await watcher.until(({ pods, nodes }) => pods === PODS && nodes === NODES)
    await churn(bare)
    const after = await watcher.until(({ pods }) => pods === PODS)
    return figures(before, after, watcher.firstListMs())
  } finally {
    for (const child of children) await end(child)
    await bare.stop()
  }
}

function playNodes(kwok: string, { paths, root }: BareCluster): ChildProcess {
  const log = openSync(join(root, 'kwok.log'), 'a')
  const stages = join(import.meta.dirname, 'peers', 'kwok-stages.yaml')
  const parameters = ['--kubeconfig', paths.kubeconfig, '--manage-all-nodes', '--config', stages, '--server-address=']
  return spawn(kwok, parameters, { stdio: ['ignore', log, log] })
}

async function fill({ cluster }: BareCluster): Promise<void> {
  await cluster.create('/api/v1/namespaces', { metadata: { name: NAMESPACE } })
  await cluster.create(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, { metadata: { name: 'default' } })
  await inTurns(NODES, (index) =>
    cluster.create('/api/v1/nodes', {
      metadata: {
        name: nodeName(index),
        labels: { 'topology.kubernetes.io/zone': `zone-${'abc'[index % 3]}`, 'matchday.dev/pool': 'api' },
      },
    }),
  )
  await inTurns(PODS, (index) => createPod(cluster, index))
  await allRunning(cluster)
}

const nodeName = (index: number): string => `node-${index}`

/** A typical pod of a service: labels, probes, resources, environment. */
const createPod = (cluster: BareCluster['cluster'], index: number): Promise<unknown> =>
  cluster.create(`/api/v1/namespaces/${NAMESPACE}/pods`, {
    metadata: {
      name: `pod-${index}`,
      labels: { 'app.kubernetes.io/name': `service-${index % 40}`, 'pod-template-hash': 'abcdef1234' },
      annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9090' },
    },
    spec: {
      nodeName: nodeName(index % NODES),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      containers: [
        {
          name: 'main',
          image: 'casino/service@sha256:0000000000000000000000000000000000000000000000000000000000000000',
          ports: [{ name: 'http', containerPort: 8080 }],
          env: Array.from({ length: 12 }, (_, number) => ({ name: `SETTING_${number}`, value: `value ${number}` })),
          resources: { requests: { cpu: '300m', memory: '512Mi' }, limits: { cpu: '1', memory: '1Gi' } },
          readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 5 },
        },
      ],
    },
  })

async function allRunning(cluster: BareCluster['cluster']): Promise<void> {
  const deadline = performance.now() + SETTLE_MS
  const path = `/api/v1/namespaces/${NAMESPACE}/pods?limit=1&fieldSelector=status.phase%21%3DRunning`
  for (;;) {
    const { items } = await cluster.get(path)
    if (Array.isArray(items) && items.length === 0) return
    if (performance.now() > deadline) throw new Error('KWOK did not make all pods run; see kwok.log')
    await sleep(500)
  }
}

/** Replaces pods at a fixed rate. Delays are made up for, so that the number of changes is the same on every machine. */
async function churn({ cluster }: BareCluster): Promise<void> {
  const startedAt = performance.now()
  const inFlight: Promise<unknown>[] = []
  for (let second = 0; second < CHURN_SECONDS; second++) {
    for (let each = 0; each < CHURN_PODS_PER_SECOND; each++)
      inFlight.push(replace(cluster, second * CHURN_PODS_PER_SECOND + each))
    await sleep(Math.max(0, startedAt + (second + 1) * 1000 - performance.now()))
  }
  await Promise.all(inFlight)
}

async function replace(cluster: BareCluster['cluster'], index: number): Promise<void> {
  await cluster.remove(`/api/v1/namespaces/${NAMESPACE}/pods/pod-${index}`)
  await createPod(cluster, PODS + index)
}

async function inTurns(count: number, act: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await act(next++)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

function startWatcher({ paths }: BareCluster) {
  const startedAt = performance.now()
  const child = spawn(
    process.execPath,
    [...commandFlags, join(import.meta.dirname, 'peers', 'watcher.ts'), paths.kubeconfig, NAMESPACE],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let listedAt: number | undefined
  let last = 'nothing'
  let look: (tick: WatcherTick) => void = () => undefined
  createInterface({ input: child.stdout }).on('line', (line) => {
    last = line
    look(JSON.parse(line) as WatcherTick)
  })
  return {
    child,
    firstListMs: () => (listedAt ?? Number.POSITIVE_INFINITY) - startedAt,
    /** The first tick from now on for which it holds; earlier ticks are skipped. */
    async until(holds: (tick: WatcherTick) => boolean): Promise<WatcherTick> {
      const { promise, resolve, reject } = Promise.withResolvers<WatcherTick>()
      const timer = setTimeout(() => reject(new Error(`the watcher did not see it all: ${last}`)), SETTLE_MS)
      look = (tick) => {
        if (!holds(tick)) return
        listedAt ??= performance.now()
        resolve(tick)
      }
      return promise.finally(() => clearTimeout(timer))
    },
  }
}

function figures(before: WatcherTick, after: WatcherTick, firstListMs: number) {
  const cores = (after.cpuMs - before.cpuMs) / (after.atMs - before.atMs)
  const versions = after.seen - before.seen
  const lost = after.lost === 0 ? 'none lost' : `${after.lost} watches lost`
  return [
    {
      name: `watching ${NODES} nodes and ${PODS} pods: memory at its peak`,
      goal: `<= ${GOAL_MB} MB`,
      figure: `${after.peakMb.toFixed(0)} MB (${after.rssMb.toFixed(0)} MB at the end; listed after ${(firstListMs / 1000).toFixed(1)} s)`,
      met: after.peakMb <= GOAL_MB,
    },
    {
      name: `the same while ${CHURN_PODS_PER_SECOND} pods a second are replaced: processor`,
      goal: `<= ${GOAL_CORES} core`,
      figure: `${cores.toFixed(2)} cores for ${versions} versions in ${((after.atMs - before.atMs) / 1000).toFixed(0)} s (${lost})`,
      met:
        cores <= GOAL_CORES && after.lost === 0 && versions >= VERSIONS_PER_POD * CHURN_PODS_PER_SECOND * CHURN_SECONDS,
    },
  ]
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const insist = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await once(child, 'exit')
  clearTimeout(insist)
}
