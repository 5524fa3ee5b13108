// `main.ts --lab <root>`: the lab's ingress on 127.99.0.1:8080. It routes by the cluster's Ingress objects (class `lab` or none) and HTTPRoutes
// (GatewayClass `matchday`) to ready endpoints. It runs with the pod network's preload as 10.244.0.2, but on the machine's own network: policies, faults and dead pods treat
// its connections to pods like a pod's.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createClusterClient } from '../cluster-access/cluster.ts'
import { readKubeconfig } from '../cluster-access/kubeconfig.ts'
import { untilDone } from '../machine/daemon.ts'
import { labPaths } from '../machine/paths.ts'
import { readState } from '../machine/state.ts'
import { INGRESS_IP } from '../topology/addresses.ts'
import { FIRST_PLACE, gatewayAddress } from '../topology/place.ts'
import { REAL_ADDRESSES } from '../topology/real-addresses.ts'
import { followCluster } from './follow-cluster.ts'
import { installGatewayApi } from './gateway-api/install.ts'
import { registerClass } from './ingress-class.ts'
import { type IngressServer, type Listen, startIngressServer } from './server.ts'

const DEFAULT_HOST = '127.99.0.1'
const DEFAULT_PORT = 8080
// The port on which ingress-nginx serves its metrics.
const DEFAULT_METRICS_PORT = 10_254
// The owner kills programs that have not ended after some seconds.
const DRAIN_MS = 3_000
// In a network of the lab's own, the owner passes a socket on the machine's network.
const GIVEN_SOCKET = 3
const INSIDE = { host: INGRESS_IP, port: DEFAULT_PORT }
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
  const place = readState(flags.paths.state)?.place ?? FIRST_PLACE
  const gateways = (n: number) => gatewayAddress(place, n)
  return {
    host,
    port: Number(port),
    metricsPort,
    gateways,
    ...(REAL_ADDRESSES ? { socket: GIVEN_SOCKET, inside: INSIDE } : {}),
  }
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

async function open(listen: Listen): Promise<IngressServer> {
  try {
    return await startIngressServer(listen, log, () => onServed())
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

// A Gateway's port is opened or refused a moment after its routes are set; then its status changes.
let onServed = () => {}
const flags = readFlags()
await joinPodNetwork(flags.paths.net)
const server = await open(listenAt(flags))
const follower = followCluster(flags.paths.kubeconfig, server, log)
onServed = follower.served
const cluster = createClusterClient(readKubeconfig(flags.paths.kubeconfig))
void registerClass(cluster, log)
void serveGatewayApi()
log(`ingress listens on port ${server.port}, metrics on ${server.metricsPort}`)

async function serveGatewayApi(): Promise<void> {
  const folder = readState(flags.paths.state)?.gatewayDefinitions
  if (folder === undefined) return log('ingress: the Gateway API is not served: its definitions are missing')
  await untilDone('Gateway API', () => installGatewayApi(cluster, folder), log)
  follower.followGatewayApi()
}

let stopping = false
async function stop(graceMs: number): Promise<void> {
  if (stopping) return
  stopping = true
  await server.drain(graceMs)
  process.exit(0)
}
process.on('SIGTERM', () => void stop(DRAIN_MS))
process.on('SIGINT', () => void stop(DRAIN_MS))
// The lifeline closed: the owner is gone, and no answer is needed any more.
process.stdin.on('end', () => void stop(0))
process.stdin.on('error', () => void stop(0))
process.stdin.resume()
