// `main.ts --lab <root>`: the lab's ingress on 127.99.0.1:8080. It routes by the cluster's Ingress objects (class `lab` or none) to ready
// endpoints. It runs with the pod network's preload as 10.244.0.2, but on the machine's own network: policies, faults and dead pods treat
// its connections to pods like a pod's.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createClusterClient } from '../cluster-access/cluster.ts'
import { type KeptList, keepList } from '../cluster-access/kept-list.ts'
import type { ApiObject } from '../cluster-access/kube-object.ts'
import { readKubeconfig } from '../cluster-access/kubeconfig.ts'
import { labPaths } from '../machine/paths.ts'
import { readState } from '../machine/state.ts'
import type { EndpointSlice, KubeService } from '../pod-network/objects.ts'
import { REAL_ADDRESSES } from '../topology/real-addresses.ts'
import { registerClass } from './ingress-class.ts'
import type { Ingress } from './objects.ts'
import { type IngressServer, type Listen, startIngressServer } from './server.ts'

const DEFAULT_HOST = '127.99.0.1'
const DEFAULT_PORT = 8080
// The port on which ingress-nginx serves its metrics.
const DEFAULT_METRICS_PORT = 10_254
// The owner kills programs that have not ended after some seconds.
const DRAIN_MS = 3_000
// In a network of the lab's own, the owner passes a socket on the machine's network.
const GIVEN_SOCKET = 3
const LOOK_AGAIN_MS = 100
const NETWORK_WITHIN_MS = 30_000

const log = (line: string) => void process.stderr.write(`${new Date().toISOString()} ${line}\n`)

function fail(line: string): never {
  log(line)
  process.exit(1)
}

function readFlags() {
  const { values } = parseArgs({
    options: { lab: { type: 'string' }, listen: { type: 'string' }, metrics: { type: 'string' } },
  })
  if (values.lab === undefined) {
    process.stderr.write('ingress: --lab <root> is missing\n')
    process.exit(2)
  }
  return { paths: labPaths(values.lab), listen: values.listen, metrics: values.metrics }
}

/** The flag, else the lab's state, else the fixed default. */
function listenAt(flags: ReturnType<typeof readFlags>): Listen {
  const lab = readState(flags.paths.state)?.ingress
  const [host, port] = flags.listen?.split(':') ?? [lab?.host ?? DEFAULT_HOST, String(lab?.port ?? DEFAULT_PORT)]
  const metricsPort = Number(flags.metrics ?? DEFAULT_METRICS_PORT)
  if (!host || !/^\d{1,5}$/.test(port ?? '')) fail(`ingress: --listen takes <address>:<port>, not ${flags.listen}`)
  return { host, port: Number(port), metricsPort, ...(REAL_ADDRESSES ? { socket: GIVEN_SOCKET } : {}) }
}

async function joinPodNetwork(net: string): Promise<void> {
  const preload = join(net, 'preload.cjs')
  const own = join(net, 'pods', 'ingress.json')
  const deadlineMs = Date.now() + NETWORK_WITHIN_MS
  while (!existsSync(preload) || !existsSync(own)) {
    if (Date.now() > deadlineMs) fail('ingress: the pod network is missing; the node runtime creates it at its start')
    await sleep(LOOK_AGAIN_MS)
  }
  process.env.MATCHDAY_POD_NETWORK = own
  createRequire(import.meta.url)(preload)
}

function watchRoutes(kubeconfig: string, server: IngressServer): void {
  const watch = <T extends ApiObject>(path: string) => keepList<T>({ kubeconfig, path, onChange, log })
  let planned = false
  function onChange(): void {
    if (planned || !all.every((one) => one.isSynced())) return
    planned = true
    // One rollout step changes several objects. They are applied together.
    setImmediate(() => {
      planned = false
      server.setObjects({ ingresses: ingresses.items(), services: services.items(), slices: slices.items() })
    })
  }
  const ingresses = watch<Ingress>('/apis/networking.k8s.io/v1/ingresses')
  const services = watch<KubeService>('/api/v1/services')
  const slices = watch<EndpointSlice>('/apis/discovery.k8s.io/v1/endpointslices')
  const all: readonly KeptList<ApiObject>[] = [ingresses, services, slices]
}

async function open(listen: Listen): Promise<IngressServer> {
  try {
    return await startIngressServer(listen, log)
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    const port = error instanceof Error && 'port' in error ? error.port : listen.port
    fail(
      taken
        ? `ingress: ${listen.host}:${port} is in use by another program; stop it, or choose another port`
        : `ingress: ${error}`,
    )
  }
}

const flags = readFlags()
await joinPodNetwork(flags.paths.net)
const server = await open(listenAt(flags))
watchRoutes(flags.paths.kubeconfig, server)
void registerClass(createClusterClient(readKubeconfig(flags.paths.kubeconfig)), log)
log(`ingress listens on port ${server.port}, metrics on ${server.metricsPort}`)

let stopping = false
async function stop(graceMs: number): Promise<void> {
  if (stopping) return
  stopping = true
  await server.drain(graceMs)
  process.exit(0)
}
process.on('SIGTERM', () => void stop(DRAIN_MS))
process.on('SIGINT', () => void stop(DRAIN_MS))
// The lifeline: the owner is gone, and nobody needs an answer any more.
process.stdin.on('end', () => void stop(0))
process.stdin.on('error', () => void stop(0))
process.stdin.resume()
