/**
 * Measures the ingress's CPU time per request: an HTTPRoute with weights against an Ingress, alternating on one server. With
 * `MATCHDAY_BENCH_BEFORE=<another checkout>` it also compares an Ingress of this version with one of that version. It also measures how long a
 * changed weight takes to reach the first response.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { backend, gateway, listener, objects, route, rule } from '../test/lab/ingress/gateway-objects.ts'

type Figure = { name: string; goal: string; figure: string; met: boolean }

const APP = fileURLToPath(new URL('./ingress/app.ts', import.meta.url))
const NAMES = ['stable', 'canary']
// Odd, so that the median is one of the rounds.
const ROUNDS = 9
const REQUESTS = 1_500
const CLIENTS = 4
// An HTTPRoute adds a second counter, a match and a weighted choice: a few microseconds of the 100 that a request costs.
const ROUTE_RATIO_MAX = 1.15
const BEFORE_RATIO_MAX = 1.05
const WEIGHT_MS_MAX = 1_000

export async function bench(): Promise<Figure[]> {
  const targets = await Promise.all(NAMES.map(startBackend))
  const objectsWith = objectsFor(targets.map(({ port }) => port))
  const set = objectsWith(50)
  const own = await startIngress('.', set)
  const before = process.env.MATCHDAY_BENCH_BEFORE
  const former = before === undefined ? undefined : await startIngress(before, set)
  try {
    const byIngress = () => cpuOf(own, '/ingress')
    return [
      await ratio('CPU per request, HTTPRoute to Ingress', ROUTE_RATIO_MAX, () => cpuOf(own, '/route'), byIngress),
      ...(former
        ? [
            await ratio('CPU per request, to the version before', BEFORE_RATIO_MAX, byIngress, () =>
              cpuOf(former, '/ingress'),
            ),
          ]
        : []),
      await weightChange(own, objectsWith),
    ]
  } finally {
    for (const each of [own, former]) each?.child.kill()
    for (const { close } of targets) close()
  }
}

type Ingress = { readonly child: ChildProcess; readonly port: number }
type ObjectsWith = ReturnType<typeof objectsFor>
type Objects = ReturnType<ObjectsWith>

async function startIngress(folder: string, set: Objects): Promise<Ingress> {
  const child = fork(APP, [folder])
  const [{ port }] = await once(child, 'message')
  await say(child, { set })
  return { child, port }
}

async function say(child: ChildProcess, message: object): Promise<{ cpuMicros?: number }> {
  child.send(message)
  const [answer] = await once(child, 'message')
  return answer
}

async function startBackend(name: string): Promise<{ port: number; close(): void }> {
  const server = http.createServer((_, response) => response.end(name)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { port: (server.address() as AddressInfo).port, close }
}

/** An Ingress to the first release, and an HTTPRoute to both with a weight for the second. */
const objectsFor = (ports: readonly number[]) => {
  const toStable = { service: { name: 'stable', port: { number: 80 } } }
  const paths = [{ path: '/ingress', pathType: 'Prefix', backend: toStable }]
  return (weight: number) => ({
    ingresses: [{ metadata: { name: 'web', namespace: 'casino' }, spec: { rules: [{ http: { paths } }] } }],
    services: NAMES.map((name) => ({
      metadata: { name, namespace: 'casino' },
      spec: { ports: [{ name: 'http', port: 80 }] },
    })),
    slices: NAMES.map((name, at) => ({
      metadata: { name, namespace: 'casino', labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
      ports: [{ name: 'http', port: ports[at] }],
    })),
    gatewayApi: objects({
      gateways: [gateway('front', [listener({ port: 80 })])],
      routes: [route('web', [rule({ backendRefs: [backend('stable', 100 - weight), backend('canary', weight)] })])],
    }),
  })
}

const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS })

/** The release that answers. */
function ask(port: number, path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const request = http.get({ host: '127.0.0.1', port, path, agent }, (response) => {
    if (response.statusCode !== 200) reject(new Error(`${path} answered ${response.statusCode}`))
    let text = ''
    response.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    response.on('end', () => resolve(text))
  })
  request.on('error', reject)
  return promise
}

/** Microseconds for each request. */
async function cpuOf({ child, port }: Ingress, path: string): Promise<number> {
  const { cpuMicros: startMicros = 0 } = await say(child, { cpu: true })
  const client = async () => {
    for (let at = 0; at < REQUESTS / CLIENTS; at += 1) await ask(port, path)
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  const { cpuMicros = 0 } = await say(child, { cpu: true })
  return (cpuMicros - startMicros) / REQUESTS
}

/** The median of paired ratios; the first round warms both up. */
async function ratio(
  name: string,
  most: number,
  one: () => Promise<number>,
  other: () => Promise<number>,
): Promise<Figure> {
  const pairs: { ratio: number; micros: number }[] = []
  for (let round = 0; round <= ROUNDS; round += 1) {
    // Either may be first, so that a drift of the machine hits both.
    const [first, second] = round % 2 === 0 ? [await one(), await other()] : [await other(), await one()].toReversed()
    if (round > 0 && first && second) pairs.push({ ratio: first / second, micros: first })
  }
  const middle = pairs.toSorted((a, b) => a.ratio - b.ratio)[Math.floor(pairs.length / 2)] ?? {
    ratio: Number.NaN,
    micros: 0,
  }
  const figure = `${middle.ratio.toFixed(2)} (${middle.micros.toFixed(0)} µs)`
  return { name, goal: `<= ${most}`, figure, met: middle.ratio <= most }
}

async function weightChange({ child, port }: Ingress, objectsWith: ObjectsWith): Promise<Figure> {
  await say(child, { set: objectsWith(0) })
  if ((await ask(port, '/route')) !== 'stable') throw new Error('a weight of 0 is served')
  const startedMs = performance.now()
  await say(child, { set: objectsWith(100) })
  while ((await ask(port, '/route')) !== 'canary');
  const tookMs = performance.now() - startedMs
  const figure = `${tookMs.toFixed(0)} ms`
  return { name: 'a changed weight is served', goal: `<= ${WEIGHT_MS_MAX} ms`, figure, met: tookMs <= WEIGHT_MS_MAX }
}
