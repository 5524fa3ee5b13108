// A lab whose pods have network namespaces of the kernel: what only they can do, and that nothing of them is left. Skipped, with the
// kernel's reason, where this user may not make them.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { get, type RequestOptions } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { findTool } from '../../src/cli/tools.ts'
import { buildImages } from '../../src/lab/images/build.ts'
import { type LabHandle, labDown, labStatus } from '../../src/lab/lab.ts'
import { hasOwnProcesses } from '../../src/lab/machine/state.ts'
import { chooseNetwork } from '../../src/lab/owner/network-choice.ts'
import { API_IP } from '../../src/lab/topology/addresses.ts'
import { TEST_IMAGES } from '../support/test-images.ts'
import { type Json, type LabBench, labBench, processesOf } from './support/lab-bench.ts'

const labnet = (await findTool('labnet', new AbortController().signal)).path
const network = await chooseNetwork('auto', labnet)
const refusal = network.kind === 'preload' ? network.why : undefined

const labels = { app: 'web' }
const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          {
            name: 'web',
            image: 'test/web',
            readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
            volumeMounts: [{ name: 'settings', mountPath: '/etc/app/settings' }],
            securityContext: { readOnlyRootFilesystem: true },
          },
        ],
        volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
      },
    },
  },
}
// A server on port 80, which an ordinary user could not open on the machine, probed there by the kubelet.
const plain = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'plain', labels: { app: 'plain' } },
  spec: {
    containers: [
      {
        name: 'plain',
        image: 'test/web',
        workingDir: '/made/here',
        command: ['node', '-e', "require('http').createServer((q, s) => s.end(q.socket.remoteAddress)).listen(80)"],
        readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 },
        volumeMounts: [
          { name: 'cache', mountPath: '/cache' },
          { name: 'data', mountPath: '/data', subPath: 'made/here' },
        ],
      },
    ],
    volumes: [
      { name: 'cache', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      { name: 'data', emptyDir: {} },
    ],
  },
}
const settings = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings' },
  data: { level: 'high' },
}
const dying = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'dying' },
  spec: {
    restartPolicy: 'Never',
    containers: [
      {
        name: 'dying',
        image: 'test/web',
        command: ['sh', '-c', 'echo no money > /dev/termination-log; touch /made; exit 3'],
      },
    ],
  },
}
const closed = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'closed' },
  spec: { podSelector: { matchLabels: labels }, policyTypes: ['Ingress'] },
}
const cut = {
  apiVersion: 'chaos-mesh.org/v1alpha1',
  kind: 'NetworkChaos',
  metadata: { name: 'cut' },
  spec: {
    action: 'partition',
    mode: 'all',
    selector: { namespaces: ['default'], labelSelectors: { app: 'plain' } },
    direction: 'both',
    target: { mode: 'all', selector: { namespaces: ['default'], labelSelectors: labels } },
    duration: '60s',
  },
}
// It listens on all addresses of its pod, so its packets do not pass the relay, which applies delays.
const database = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'database', labels: { app: 'database' } },
  spec: {
    containers: [
      {
        name: 'database',
        image: 'matchday/postgres',
        args: ['postgres', '-c', 'listen_addresses=*'],
        env: [{ name: 'POSTGRES_PASSWORD', value: 'lab' }],
        ports: [{ containerPort: 5432 }],
        readinessProbe: { tcpSocket: { port: 5432 }, periodSeconds: 1 },
      },
    ],
  },
}
const slow = {
  apiVersion: 'chaos-mesh.org/v1alpha1',
  kind: 'NetworkChaos',
  metadata: { name: 'slow' },
  spec: {
    action: 'delay',
    delay: { latency: '100ms' },
    mode: 'all',
    selector: { namespaces: ['default'], labelSelectors: { app: 'database' } },
    duration: '60s',
  },
}
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { type: 'NodePort', selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
}
const ingress = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'web' },
  spec: {
    rules: [
      {
        host: 'web.test',
        http: {
          paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
        },
      },
    ],
  },
}

describe.skipIf(refusal !== undefined)(`a lab with network namespaces${refusal ? ` (${refusal})` : ''}`, () => {
  let bench: LabBench
  let lab: LabHandle
  let ended: Promise<unknown>
  const notes: string[] = []
  let pods: Json[] = []
  const exec = async (pod: string, ...command: string[]) => (await bench.kubectl('exec', pod, '--', ...command)).trim()
  const applied = async (...items: readonly object[]) => {
    const file = join(bench.paths.logs, 'objects.json')
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
    await bench.kubectl('apply', '-f', file)
  }
  /** What a program without the preload gets there: the body, the error's code, or `no answer` after a second. */
  const dialled = (pod: string, url: string) =>
    exec(
      pod,
      'env',
      '-u',
      'NODE_OPTIONS',
      'node',
      '-e',
      `fetch('${url}', { signal: AbortSignal.timeout(1000) })
      .then((answer) => answer.text(), (e) => (e.name === 'TimeoutError' ? 'no answer' : e.cause.code)).then((text) => { console.log(text); process.exit() })`,
    )
  const [first, second] = [() => pods[0], () => pods[1]]

  beforeAll(async () => {
    bench = await labBench()
    await buildImages({ folder: bench.paths.images, sources: TEST_IMAGES })
    const left = spawn('sleep', ['600'], { env: { ...process.env, MATCHDAY_LAB_PROCESS: bench.root } })
    ended = once(left, 'exit')
    lab = await bench.up({
      network: 'namespaces',
      nodes: 2,
      tools: { ...bench.tools, labnet },
      onProgress: (event) => event.kind === 'note' && notes.push(event.text),
    })
    await applied(settings, web, plain, dying, service, ingress, database)
    await bench.kubectl('rollout', 'status', 'deployment/web', '--timeout=90s')
    await bench.kubectl('wait', '--for=condition=Ready', 'pod/plain', 'pod/database', '--timeout=60s')
    pods = (await bench.get('pods', '-l', 'app=web')).items
  })
  afterAll(async () => {
    await lab?.down().catch(() => undefined)
    await labDown(bench?.root).catch(() => undefined)
    bench?.remove()
  })

  it('kills what a dead lab has left when it boots, though its owner may not see those processes', async () => {
    expect(notes).toContain('cleaned up 1 processes of a dead lab')
    expect(await ended).toEqual([null, 'SIGKILL'])
  })

  it('says so in its state and in the cluster', async () => {
    expect(lab.state.network).toEqual(network)
    const system = await bench.get('namespace', 'kube-system')
    expect(system.metadata.annotations['matchday.dev/pod-network']).toBe(
      hasOwnProcesses(network) ? 'network namespaces, and a PID namespace of the lab' : 'network namespaces',
    )
  })

  it('gives a pod its own address, host name and hosts file, for programs that know nothing of the lab', async () => {
    const { metadata, status } = first()
    expect(await exec(metadata.name, 'hostname')).toBe(metadata.name)
    expect(await exec(metadata.name, 'cat', '/etc/hosts')).toContain(`${status.podIP}\t${metadata.name}`)
    expect(await exec(metadata.name, 'cat', '/proc/net/fib_trie')).toContain(status.podIP)
  })

  it('lets a pod listen on port 80, and shows it who calls', async () => {
    const { podIP } = (await bench.get('pod', 'plain')).status
    const ask = `fetch('http://${podIP}/').then((r) => r.text()).then((t) => { console.log(t); process.exit() })`
    expect(await exec(first().metadata.name, 'node', '-e', ask)).toContain(first().status.podIP)
  })

  it('runs containers as their user, without capabilities', async () => {
    const status = await exec(first().metadata.name, 'cat', '/proc/self/status')
    expect(status).toMatch(/^CapEff:\s+0+$/m)
    expect(status).toMatch(/^Uid:\s+[1-9]/m)
  })

  it('shows each program its volumes, its name server, and a file system of its own', async () => {
    const { name } = first().metadata
    expect(await exec(name, 'cat', '/etc/app/settings/level')).toBe('high')
    expect(await exec(name, 'sh', '-c', 'cat "$MATCHDAY_ROOT/etc/app/settings/level"')).toBe('high')
    expect(await exec(name, 'ls', '/var/run/secrets/kubernetes.io/serviceaccount')).toContain('token')
    expect(await exec(name, 'cat', '/etc/resolv.conf')).toMatch(/^nameserver 10\.96\.0\.10\nsearch default\.svc/)
    expect(await exec(name, 'sh', '-c', 'touch /here 2>&1 || true')).toContain('Read-only file system')
    expect(await exec('plain', 'sh', '-c', 'touch /tmp/mine && ls /tmp')).toContain('mine')
    expect(existsSync('/tmp/mine')).toBe(false)
    const { containerStatuses } = (await bench.get('pod', 'dying')).status
    expect(containerStatuses[0].state.terminated).toMatchObject({ exitCode: 3, message: 'no money\n' })
    expect(existsSync('/made')).toBe(false)
  })

  it('has pseudo terminals of its own', async () => {
    expect(await exec(first().metadata.name, 'script', '-qec', 'tty', '/dev/null')).toBe('/dev/pts/0')
  })

  it('leads every program to Services, by name and by address', async () => {
    const names = pods.map((pod) => pod.metadata.name)
    const { clusterIP } = (await bench.get('service', 'web')).spec
    for (const host of ['web', 'web.default.svc.cluster.local', clusterIP])
      expect(names).toContain(await dialled('plain', `http://${host}/`))
    expect(await dialled('plain', `http://${clusterIP}:81/`)).toBe('ECONNREFUSED')
    expect(await dialled('plain', 'http://nobody.default/')).toBe('ENOTFOUND')
  })

  it('leads to a Service at its port of every node', async () => {
    const names = pods.map((pod) => pod.metadata.name)
    const [{ nodePort }] = (await bench.get('service', 'web')).spec.ports
    for (const { address } of lab.state.nodes)
      expect(names).toContain(await dialled('plain', `http://${address}:${nodePort}/`))
  })

  it('tells the ports of a Service by DNS, and the address of the API server in its slice', async () => {
    const ask = `require('dns').promises.resolveSrv('_http._tcp.web.default.svc.cluster.local').then((r) => console.log(JSON.stringify(r)))`
    const found = await exec('plain', 'env', '-u', 'NODE_OPTIONS', 'node', '-e', ask)
    expect(JSON.parse(found)).toMatchObject([{ name: 'web.default.svc.cluster.local', port: 80 }])
    const [slice] = (await bench.get('endpointslices', '-l', 'kubernetes.io/service-name=kubernetes')).items
    expect(slice.endpoints).toMatchObject([{ addresses: [API_IP] }])
  })

  it('keeps a volume in memory where the pod asks for that, within its size', async () => {
    expect(await exec('plain', 'stat', '--file-system', '--format=%T', '/cache')).toBe('tmpfs')
    const fill = 'head -c 2000000 /dev/zero > /cache/full || stat --format=%s /cache/full; rm /cache/full'
    expect(await exec('plain', 'sh', '-c', fill)).toBe('1048576')
  })

  it('makes the folder that a subPath names', async () => {
    expect(await exec('plain', 'sh', '-c', 'echo mine > /data/file && cat /data/file')).toBe('mine')
  })

  it('holds every program to NetworkPolicies', async () => {
    await applied(closed)
    await soon(async () => expect(await dialled('plain', 'http://web/')).toBe('no answer'))
    await bench.kubectl('delete', 'networkpolicy', 'closed')
    await soon(async () => expect(await dialled('plain', 'http://web/')).not.toBe('no answer'))
  })

  it('cuts off every program by a NetworkChaos, and heals it', async () => {
    await applied(cut)
    await soon(async () => expect(await dialled('plain', 'http://web/')).toBe('no answer'))
    await bench.kubectl('delete', 'networkchaos', 'cut')
    await soon(async () => expect(await dialled('plain', 'http://web/')).not.toBe('no answer'))
  })

  it('gives a container the volumes of its image, at their paths', async () => {
    // Its pod has no volume, and the machine has no such folder.
    expect(await exec('database', 'cat', '/var/lib/postgresql/data/pgdata/PG_VERSION')).toMatch(/^\d+$/)
  })

  it('starts a program in the workingDir of its pod, and creates it', async () => {
    expect(await exec('plain', 'pwd')).toBe('/made/here')
  })

  it('refuses a delay that it cannot apply, and lets the experiment be deleted', async () => {
    await applied(slow)
    await soon(async () => {
      const [record] = (await bench.get('networkchaos', 'slow')).status.experiment.containerRecords
      expect(record.phase).toBe('Not Injected')
      expect(record.events.at(-1).message).toContain("default/database serves port 5432 at the pod's own address")
    })
    await bench.kubectl('delete', 'networkchaos', 'slow', '--timeout=10s')
  })

  it('is reached by the ingress, by the API server and by port-forward', async () => {
    const names = pods.map((pod) => pod.metadata.name)
    const { host, port } = lab.state.ingress
    await soon(async () => expect(names).toContain(await fetched({ host, port, headers: { host: 'web.test' } })))
    expect(names).toContain(await bench.kubectl('get', '--raw', '/api/v1/namespaces/default/services/web:80/proxy/'))
    const forward = spawn(bench.tools.kubectl, [
      '--kubeconfig',
      bench.paths.kubeconfig,
      'port-forward',
      'svc/web',
      ':80',
    ])
    try {
      const [line] = await once(createInterface({ input: forward.stdout }), 'line')
      const local = Number(/127\.0\.0\.1:(\d+)/.exec(String(line))?.[1])
      expect(names).toContain(await fetched({ host: '127.0.0.1', port: local }))
    } finally {
      forward.kill()
    }
  })

  it('keeps the pods’ addresses from the machine', async () => {
    const { podIP } = second().status
    expect(execFileSync('cat', ['/proc/net/fib_trie']).toString()).not.toContain(podIP)
  })

  it.skipIf(!hasOwnProcesses(network))('shows its pods no process of the machine', async () => {
    const stranger = spawn('sleep', ['3.4567e2'])
    try {
      const all = ['sh', '-c', 'cat /proc/[0-9]*/cmdline 2>&1 | tr "\\0" " "; true']
      const seen = await exec('plain', ...all)
      expect(execFileSync(all[0] ?? '', all.slice(1)).toString()).toContain('sleep 3.4567e2')
      expect(seen).not.toContain('sleep 3.4567e2')
      expect(seen).toContain('kube-apiserver')
    } finally {
      stranger.kill()
    }
  })

  it('names its programs by the process ids of the machine, in its status and in its state', async () => {
    const found = await labStatus(bench.root)
    if (found.kind !== 'up') return expect.fail('the lab is up')
    for (const { components } of [found.state, found.status])
      for (const { name, process } of components)
        expect(readFileSync(`/proc/${process?.pid}/environ`, 'utf8'), name).toContain(
          `MATCHDAY_LAB_PROCESS=${bench.root}`,
        )
  })

  it('is gone whole when its owner is killed: no process, no namespace, no mount', async () => {
    const { owner } = lab.state
    process.kill(owner.pid, 'SIGKILL')
    const timeout = hasOwnProcesses(network) ? 2_000 : 20_000
    await vi.waitFor(() => expect(processesOf(bench.root)).toEqual([]), { timeout, interval: 50 })
    // Namespaces live as long as a process or a mount holds them.
    await vi.waitFor(() => expect(holdersOf(bench.root)).toEqual([]))
    expect((await labStatus(bench.root)).kind).toBe('dead')
    expect(await labDown(bench.root)).toBe('cleaned')
    expect(existsSync(bench.paths.net)).toBe(false)
  })
})

/** A try takes a second where there is no answer, and rules some moments more. */
const soon = (check: () => Promise<unknown>) => vi.waitFor(check, { timeout: 20_000, interval: 100 })

/** Processes whose mounts name a folder below the lab's. */
function holdersOf(root: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return execFileSync('cat', [`/proc/${pid}/mountinfo`], { stdio: ['ignore', 'pipe', 'ignore'] }).includes(root)
      } catch {
        return false
      }
    })
}

async function fetched(at: RequestOptions): Promise<string> {
  const [answer] = await once(get(at), 'response')
  let text = ''
  for await (const chunk of answer) text += chunk
  return text
}
