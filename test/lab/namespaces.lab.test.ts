// A lab whose pods have network namespaces of the kernel: what only they can do, and that nothing of them is left. Skipped, with the
// kernel's reason, where this user may not make them.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { get, type RequestOptions } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { findTool } from '../../src/cli/tools.ts'
import { buildImages } from '../../src/lab/images/build.ts'
import { type LabHandle, labDown, labStatus } from '../../src/lab/lab.ts'
import { chooseNetwork } from '../../src/lab/owner/network-choice.ts'
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
          },
        ],
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
        command: ['node', '-e', "require('http').createServer((q, s) => s.end(q.socket.remoteAddress)).listen(80)"],
        readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 },
      },
    ],
  },
}
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
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
  let pods: Json[] = []
  const exec = async (pod: string, ...command: string[]) => (await bench.kubectl('exec', pod, '--', ...command)).trim()
  const [first, second] = [() => pods[0], () => pods[1]]

  beforeAll(async () => {
    bench = await labBench()
    await buildImages({ folder: bench.paths.images, sources: TEST_IMAGES })
    lab = await bench.up({ network: 'namespaces', nodes: 2, tools: { ...bench.tools, labnet } })
    const file = join(bench.paths.logs, 'objects.json')
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [web, plain, service, ingress] }))
    await bench.kubectl('apply', '-f', file)
    await bench.kubectl('rollout', 'status', 'deployment/web', '--timeout=90s')
    await bench.kubectl('wait', '--for=condition=Ready', 'pod/plain', '--timeout=60s')
    pods = (await bench.get('pods', '-l', 'app=web')).items
  })
  afterAll(async () => {
    await lab?.down().catch(() => undefined)
    await labDown(bench?.root).catch(() => undefined)
    bench?.remove()
  })

  it('says so in its state and in the cluster', async () => {
    expect(lab.state.network).toEqual({ kind: 'namespaces', labnet })
    const system = await bench.get('namespace', 'kube-system')
    expect(system.metadata.annotations['matchday.dev/pod-network']).toBe('network namespaces')
  })

  it('gives a pod its own address, host name and hosts file, for programs that know nothing of the lab', async () => {
    const { metadata, status } = first()
    expect(await exec(metadata.name, 'hostname')).toBe(metadata.name)
    expect(await exec(metadata.name, 'cat', '/etc/hosts')).toContain(`${status.podIP}\t${metadata.name}`)
    expect(await exec(metadata.name, 'cat', '/proc/net/fib_trie')).toContain(status.podIP)
  })

  it('lets a pod listen on port 80, and shows it who calls', async () => {
    const { podIP } = (await bench.get('pod', 'plain')).status
    const ask = `fetch('http://${podIP}/').then((r) => r.text()).then((t) => console.log(t))`
    expect(await exec(first().metadata.name, 'node', '-e', ask)).toContain(first().status.podIP)
  })

  it('runs containers as their user, without capabilities', async () => {
    const status = await exec(first().metadata.name, 'cat', '/proc/self/status')
    expect(status).toMatch(/^CapEff:\s+0+$/m)
    expect(status).toMatch(/^Uid:\s+[1-9]/m)
  })

  it('is reached by the ingress, by the API server and by port-forward', async () => {
    const names = pods.map((pod) => pod.metadata.name)
    const { host, port } = lab.state.ingress
    await vi.waitFor(async () => expect(names).toContain(await fetched({ host, port, headers: { host: 'web.test' } })))
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

  it('is gone whole when its owner is killed: no process, no namespace, no mount', async () => {
    const { owner } = lab.state
    process.kill(owner.pid, 'SIGKILL')
    await vi.waitFor(() => expect(processesOf(bench.root)).toEqual([]), { timeout: 20_000, interval: 200 })
    // Namespaces live as long as a process or a mount holds them.
    await vi.waitFor(() => expect(holdersOf(bench.root)).toEqual([]))
    expect((await labStatus(bench.root)).kind).toBe('dead')
    expect(await labDown(bench.root)).toBe('cleaned')
    expect(existsSync(bench.paths.net)).toBe(false)
  })
})

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
