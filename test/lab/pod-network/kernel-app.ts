// Runs in a network made by labnet: the agent's core with forty pods, as many rules as a platform has, and programs that know nothing of it.
// Prints one line of JSON for each answer that the test wants.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startAgentCore } from '../../../src/lab/pod-network/agent-core.ts'
import { createNamespaces } from '../../../src/lab/pod-network/namespaces.ts'
import type { SandboxNetwork } from '../../../src/lab/pod-network/network-plugin.ts'
import type { ClusterObjects, NetworkPolicy } from '../../../src/lab/pod-network/objects.ts'
import { writeNamespaces } from '../../../src/lab/runtime/container/namespaces.ts'
import { identityOf } from './sandbox-identity.ts'

const [labnet = '', root = ''] = process.argv.slice(2)
const PODS = 40
const APPS = 8
const say = (name: string, value: unknown) => console.log(JSON.stringify([name, value]))

const core = await startAgentCore({
  root,
  log: (line) => say('log', line),
  namespaces: createNamespaces(labnet, join(root, 'net'), (line) => say('log', line)),
})

const appOf = (index: number) => `app-${index % APPS}`
const identities = Array.from({ length: PODS }, (_, index) =>
  identityOf(1 + (index % 4), `pod-${index}`, {
    labels: { app: appOf(index) },
    ports: [{ containerPort: 81, protocol: 'TCP' }],
  }),
)
/** Each app is open to the next one, on twenty ports, and to nobody else. */
const policies: NetworkPolicy[] = Array.from({ length: APPS }, (_, index) => ({
  metadata: { name: `p-${index}`, namespace: 'casino' },
  spec: {
    podSelector: { matchLabels: { app: appOf(index) } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      {
        from: [{ podSelector: { matchLabels: { app: appOf(index + 1) } } }],
        ports: Array.from({ length: 20 }, (_port, at) => ({ protocol: 'TCP', port: 80 + at })),
      },
    ],
    egress: [{}],
  },
}))

let added: SandboxNetwork[] = []
function objects(parts: Partial<ClusterObjects> = {}): ClusterObjects {
  const pods = identities.map((pod) => ({
    metadata: { name: pod.name, namespace: pod.namespace, uid: pod.uid, labels: pod.labels },
  }))
  const endpoints = added.slice(0, 1).map(({ ip }) => ({ addresses: [ip], conditions: { ready: true } }))
  const slice = {
    metadata: { name: 'web-1', namespace: 'casino', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints,
    ports: [{ name: '', port: 80 }],
  }
  const service = {
    metadata: { name: 'web', namespace: 'casino' },
    spec: { clusterIP: '10.96.1.1', ports: [{ port: 8000 }] },
  }
  return { services: [service], slices: [slice], pods, namespaces: [], policies, ...parts }
}

core.setObjects(objects())
const startedMs = performance.now()
added = await Promise.all(identities.map((pod) => core.add(pod)))
say('milliseconds for all pods', Math.round(performance.now() - startedMs))
// Nothing but its start tells the others of this one: no object of the API server changes.
const late = await core.add(identityOf(1, 'late'))
const { table } = JSON.parse(readFileSync(join(root, 'net', 'cluster.json'), 'utf8'))
say('known when it starts', late.ip in table.pods)
await core.del({ id: 'sandbox-uid-late' })
core.setObjects(objects())
const again = await core.add(identities[0] ?? identityOf(1, 'none'))
say('the same again', again.ip === added[0]?.ip)

let plans = 0
function started(index: number, argv: readonly string[], extra: Readonly<Record<string, string>> = {}): string[] {
  const network = added[index]?.namespace
  const plan = {
    ...(network ? { network } : {}),
    hostName: `pod-${index}`,
    folder: '/',
    env: { PATH: process.env.PATH ?? '', ...extra },
  }
  const { plan: file } = writeNamespaces(labnet, root, `plan-${++plans}`, plan)
  return ['run', file, '--', ...argv]
}
const inPod = (index: number, script: string) => started(index, [process.execPath, '-e', script])

const serve =
  "require('http').createServer((q, s) => s.end(q.socket.remoteAddress)).listen(80, () => console.log('listens'))"
const server = spawn(labnet, inPod(0, serve), { stdio: ['ignore', 'pipe', 'inherit'] })
await once(server.stdout, 'data')

// A starved machine may need seconds for an answer. Where none is expected, a short wait is enough.
const PATIENCE_MS = 15_000
const SILENCE_MS = 1_500

async function dialled(from: number, url: string, withinMs = PATIENCE_MS): Promise<string> {
  const script = `fetch('${url}', { signal: AbortSignal.timeout(${withinMs}) })
    .then((a) => a.text(), (e) => (e.name === 'TimeoutError' ? 'no answer' : e.cause.code)).then((t) => { console.log(t); process.exit() })`
  const { stdout } = await promisify(execFile)(labnet, inPod(from, script))
  return stdout.trim().replace('::ffff:', '')
}

/** Until a pod reaches a port of its own address. */
async function untilListening(index: number, port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++)
    if ((await dialled(index, `http://${added[index]?.ip}:${port}/`)) !== 'ECONNREFUSED') return
}

const target = `http://${added[0]?.ip}/`
// pod-1 is of the app that may call pod-0; pod-2 is not.
say('allowed', [await dialled(1, target), added[1]?.ip])
say('denied', await dialled(2, target, SILENCE_MS))
say('by Service', [await dialled(1, 'http://10.96.1.1:8000/'), added[1]?.ip])
say('wrong port of the Service', await dialled(1, 'http://10.96.1.1:81/'))
say('nobody', await dialled(1, 'http://10.244.3.200/', SILENCE_MS))

const effect = { kind: 'partition' } as const
const podUid = identities[0]?.uid ?? ''
say('injected', (await core.putRules('cut', [{ podUid, direction: 'in', peers: 'any', effect }]))[podUid])
say('cut off', await dialled(1, target, SILENCE_MS))
await core.putRules('cut', [])
say('healed', [await dialled(1, target), added[1]?.ip])

// A native container listens at the address that it was told. Its relay serves it at the pod's own address, and at localhost.
const native = added[3]
const behind = `require('http').createServer((q, s) => s.end('behind the relay')).listen(81, '${native?.nativeAddress}', () => console.log('listens'))`
const container = spawn(labnet, inPod(3, behind), { stdio: ['ignore', 'pipe', 'inherit'] })
await once(container.stdout, 'data')
say('before its relay', await dialled(3, 'http://127.0.0.1:81/'))
const asRelay = core.relayFor(identities[3] ?? identityOf(1, 'none'), native ?? { ip: '', nativeAddress: '', env: {} })
const relay = spawn(labnet, started(3, asRelay.argv, asRelay.env), { stdio: ['ignore', 'inherit', 'inherit'] })
await untilListening(3, 81)
say('native at localhost', await dialled(3, 'http://127.0.0.1:81/'))
say('native at its pod', await dialled(3, `http://${native?.ip}:81/`))
relay.kill('SIGKILL')
container.kill('SIGKILL')

await core.del({ id: identities[0]?.id ?? '' })
say('removed', await dialled(1, target, SILENCE_MS))
server.kill('SIGKILL')
await core.stop()
process.exit(0)
