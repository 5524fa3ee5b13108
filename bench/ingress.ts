/**
 * Measures the ingress's CPU time per request, in rounds that alternate: an HTTPRoute with weights against an Ingress, on one server; and an Ingress of this
 * version against one of the version before the Gateway API (or of the checkout `MATCHDAY_BENCH_BEFORE`), on a server each. Both use the dependencies of
 * this checkout. It also measures how long a changed weight takes to reach the first response once the ingress has the object.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { messageOf } from '../src/domain/unknown.ts'
import { backend, gateway, listener, objects, route, rule } from '../test/lab/ingress/gateway-objects.ts'

type Figure = { name: string; goal: string; figure: string; met: boolean }

const APP = fileURLToPath(new URL('./ingress/app.ts', import.meta.url))
const NAMES = ['stable', 'canary']
/** The last commit before the Gateway API: its ingress serves only Ingresses. */
const FORMER = '92c6bcd0^'
// Odd, so that the median is one of the rounds. One round may be 15 % off.
const ROUNDS = 21
/** Rounds that do not count, because the JIT still compiles the code of a new process. */
const WARM_UP = 4
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
  try {
    return [await routeToIngress(set), await toFormer(set), await weightChange(objectsWith)]
  } finally {
    for (const { close } of targets) close()
  }
}

async function routeToIngress(set: Objects): Promise<Figure> {
  const own = await startIngress('.', set)
  try {
    const name = 'CPU per request, HTTPRoute to Ingress'
    return await ratio(
      name,
      ROUTE_RATIO_MAX,
      () => cpuOf(own, '/route'),
      () => cpuOf(own, '/ingress'),
    )
  } finally {
    own.child.kill()
  }
}

/** Both servers are started for this comparison and serve the same requests, so that the JIT has compiled as much in one as in the other. */
async function toFormer(set: Objects): Promise<Figure> {
  const name = 'CPU per request of an Ingress, to the version before the Gateway API'
  const scratch = mkdtempSync(join(tmpdir(), 'md-'))
  const all: Ingress[] = []
  try {
    for (const folder of [process.env.MATCHDAY_BENCH_BEFORE ?? formerIn(scratch), '.'])
      all.push(await startIngress(folder, set))
    const [former, own] = all as [Ingress, Ingress]
    return await ratio(
      name,
      BEFORE_RATIO_MAX,
      () => cpuOf(own, '/ingress'),
      () => cpuOf(former, '/ingress'),
    )
  } catch (error) {
    return { name, goal: `<= ${BEFORE_RATIO_MAX}`, figure: `not measured: ${messageOf(error)}`, met: false }
  } finally {
    for (const { child } of all) child.kill()
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** @throws Error where the clone lacks that commit */
function formerIn(scratch: string): string {
  const archive = execFileSync('git', ['archive', FORMER, 'src/lab', 'package.json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 28,
  })
  execFileSync('tar', ['-x', '-C', scratch], { input: archive })
  symlinkSync(resolve('node_modules'), join(scratch, 'node_modules'))
  return scratch
}

type Ingress = { readonly child: ChildProcess; readonly port: number }
type ObjectsWith = ReturnType<typeof objectsFor>
type Objects = ReturnType<ObjectsWith>

async function startIngress(folder: string, set: Objects): Promise<Ingress> {
  const child = fork(APP, [folder])
  const ended = new AbortController()
  child.once('exit', () => ended.abort())
  const [{ port }] = await once(child, 'message', { signal: ended.signal }).catch(() => {
    throw new Error(`the ingress of ${folder} does not start`)
  })
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

/** The median of paired ratios, and the middle half of them. */
async function ratio(
  name: string,
  most: number,
  one: () => Promise<number>,
  other: () => Promise<number>,
): Promise<Figure> {
  const pairs: { ratio: number; micros: number }[] = []
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    // Either may be first, so that a drift of the machine hits both.
    const [first, second] = round % 2 === 0 ? [await one(), await other()] : [await other(), await one()].toReversed()
    if (round >= WARM_UP && first && second) pairs.push({ ratio: first / second, micros: first })
  }
  const sorted = pairs.toSorted((a, b) => a.ratio - b.ratio)
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? { ratio: Number.NaN, micros: Number.NaN }
  const [low, middle, high] = [at(0.25), at(0.5), at(0.75)]
  const spread = `half of the rounds ${low.ratio.toFixed(2)} to ${high.ratio.toFixed(2)}`
  const figure = `${middle.ratio.toFixed(2)} (${middle.micros.toFixed(0)} µs; ${spread})`
  return { name, goal: `<= ${most}`, figure, met: middle.ratio <= most }
}

async function weightChange(objectsWith: ObjectsWith): Promise<Figure> {
  const { child, port } = await startIngress('.', objectsWith(0))
  try {
    if ((await ask(port, '/route')) !== 'stable') throw new Error('a weight of 0 is served')
    const startedMs = performance.now()
    await say(child, { set: objectsWith(100) })
    while ((await ask(port, '/route')) !== 'canary');
    const tookMs = performance.now() - startedMs
    const name = 'a changed weight is served, once the ingress has it'
    return { name, goal: `<= ${WEIGHT_MS_MAX} ms`, figure: `${tookMs.toFixed(0)} ms`, met: tookMs <= WEIGHT_MS_MAX }
  } finally {
    child.kill()
  }
}
