import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { dialPods } from '../../../src/adapters/kubernetes/dials.ts'
import type { DialReach, DialSeen } from '../../../src/domain/effects.ts'
import { type Answers, type Execs, refusal, smallApiServer } from '../../support/small-api-server.ts'

const SUCCESS = { status: 'Success' }
const failure = (message: string) => ({ status: 'Failure', message })
const missing = (program: string) => failure(`exec: "${program}": executable file not found in $PATH`)

/** Runs the command here: pods are addresses of the loopback interface. `without`: programs that the image does not have. */
const here =
  (...without: readonly string[]): Execs =>
  (_, [program = '', ...rest]) =>
    new Promise((resolve) => {
      if (without.includes(program)) return resolve({ output: '', status: missing(program) })
      const file = program === 'node' ? process.execPath : program
      execFile(file, rest, (error, output) =>
        resolve({ output, status: error === null ? SUCCESS : failure(error.message) }),
      )
    })

async function listens(ip: string): Promise<number> {
  const server = createServer((socket) => socket.end())
  await once(server.listen(0, ip), 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

const pod = (app: string, ip: string, port?: number, changes: object = {}) => ({
  metadata: {
    name: `${app}-5d9f8b6c7-abcde`,
    labels: { app, 'pod-template-hash': '5d9f8b6c7' },
    ownerReferences: [{ kind: 'ReplicaSet', name: `${app}-5d9f8b6c7`, controller: true }],
  },
  spec: {
    containers: [
      {
        name: app,
        ports: [{ name: 'main', containerPort: port ?? 1 }],
        ...(port === undefined ? {} : { readinessProbe: { httpGet: { path: '/', port: 'main' } } }),
      },
    ],
    ...changes,
  },
  status: { podIP: ip, conditions: [{ type: 'Ready', status: 'True' }] },
})
const deny = { metadata: { name: 'deny' }, spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } }
const ofApp = (app: string) => ({ podSelector: { matchLabels: { app } } })
const from = (client: string, server: string) => [
  {
    metadata: { name: `${server}-in` },
    spec: { ...ofApp(server), policyTypes: ['Ingress'], ingress: [{ from: [ofApp(client)] }] },
  },
  {
    metadata: { name: `${client}-out` },
    spec: { ...ofApp(client), policyTypes: ['Egress'], egress: [{ to: [ofApp(server)] }] },
  },
]

const namespace =
  (pods: readonly object[], policies: readonly object[]): Answers =>
  ({ path }) => {
    if (path.endsWith('/pods')) return { items: pods }
    if (path.endsWith('/networkpolicies')) return { items: policies }
    return { metadata: { name: 'shop', labels: {} } }
  }
async function dialled(pods: readonly object[], policies: readonly object[], execs: Execs) {
  return dialPods(await smallApiServer(namespace(pods, policies), execs), 'shop')
}

type Cluster = Readonly<Record<string, { readonly pods?: readonly object[]; readonly policies?: readonly object[] }>>
/** Namespaces by name; others may not be read. `apiServer`: the port of the Service kubernetes, and the address of the API server behind it. */
const cluster =
  (all: Cluster, apiServer?: { readonly ip: string; readonly port: number; readonly behind?: string }): Answers =>
  ({ path }) => {
    if (apiServer && path.endsWith('/default/services'))
      return {
        items: [
          { metadata: { name: 'kubernetes' }, spec: { clusterIP: apiServer.ip, ports: [{ port: apiServer.port }] } },
        ],
      }
    if (apiServer && path.endsWith('/default/endpointslices'))
      return {
        items: (apiServer.behind === undefined ? [] : [apiServer.behind]).map((ip) => ({
          metadata: { name: 'kubernetes', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
          endpoints: [{ addresses: [ip] }],
          ports: [{ port: 6443 }],
        })),
      }
    const [, name = ''] = /namespaces\/([^/]+)/.exec(path) ?? []
    const found = all[name]
    if (found === undefined) return refusal(403)
    if (path.endsWith('/pods')) return { items: found.pods ?? [] }
    if (path.endsWith('/networkpolicies')) return { items: found.policies ?? [] }
    return { metadata: { name, labels: { 'kubernetes.io/metadata.name': name } } }
  }
const reaching = (changes: Partial<DialReach>): DialReach => ({ namespaces: ['shop'], endpoints: [], ...changes })
/** What was tried outside of the namespace. */
async function beyond(answers: Answers, reach: DialReach, execs: Execs = here()) {
  const dials = await dialPods(await smallApiServer(answers, execs), 'shop', reach)
  return dials.filter(({ outside }) => outside !== undefined)
}
/** Pods of these addresses may be called at this port. */
const toBlock = (cidr: string, ...ports: readonly number[]) => ({
  metadata: { name: 'block' },
  spec: {
    podSelector: {},
    policyTypes: ['Egress'],
    egress: [{ to: [{ ipBlock: { cidr } }], ports: ports.map((port) => ({ port })) }],
  },
})
const short = (dials: readonly DialSeen[]) =>
  dials.map((each) => `${each.from} to ${each.to} ${each.allowed ? 'allowed' : 'forbidden'} ${each.outcome}`)

/** Nothing enforces policies on the loopback interface: what listens is reached. */
const two = async () => [
  pod('web', '127.77.0.1', await listens('127.77.0.1')),
  pod('orders', '127.77.0.2', await listens('127.77.0.2')),
]

describe('dials between pods', () => {
  it.each<[string, Execs]>([
    ['node', here()],
    ['sh', here('node')],
  ])('are made by %s to where another workload listens, and compared with the policies', async (_, execs) => {
    const dials = await dialled(await two(), [deny, ...from('web', 'orders')], execs)
    expect(short(dials)).toEqual(['orders to web forbidden connected', 'web to orders allowed connected'])
  })

  it.each<[string, Execs]>([
    ['node', here()],
    ['sh', here('node')],
  ])('fail by %s where nothing answers', async (_, execs) => {
    const dials = await dialled([...(await two()), pod('gone', '127.77.0.3', 9)], [deny], execs)
    expect(short(dials)).toContain('web to gone forbidden failed')
    expect(short(dials)).toContain('web to orders forbidden connected')
  })

  it('cannot be made from an image with neither node nor a shell, in its own words', async () => {
    const dials = await dialled(await two(), [deny], here('node', 'sh'))
    expect(dials.map(({ outcome, said }) => [outcome, said])).toEqual(
      Array(2).fill([
        'undialled',
        'node: exec: "node": executable file not found in $PATH; sh: exec: "sh": executable file not found in $PATH',
      ]),
    )
  })

  it('cannot be made where exec is refused', async () => {
    const dials = await dialled(await two(), [deny], () => Promise.resolve({ refused: 403 }))
    expect(dials[0]).toMatchObject({ outcome: 'undialled', said: expect.stringContaining('403 pods "orders-') })
  })

  it('are not believed from a shell that connects to nothing, not even to its own pod', async () => {
    const deaf: Execs = async (_, [program = '', ...rest]) =>
      program === 'node'
        ? { output: '', status: missing('node') }
        : {
            output: rest
              .slice(3)
              .map((target) => `${target} failed\n`)
              .join(''),
            status: SUCCESS,
          }
    const [first] = await dialled(await two(), [deny], deaf)
    expect(first).toMatchObject({ outcome: 'undialled', said: expect.stringContaining('not even to its own pod') })
  })

  it('leave out pairs that only an IP block could allow', async () => {
    const block = {
      metadata: { name: 'block' },
      spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '127.0.0.0/8' } }] }] },
    }
    expect(await dialled(await two(), [block], here())).toEqual([])
  })

  it('leave out pods that are not Ready or are being deleted, those in the network of their node, and those without a readiness probe as targets', async () => {
    const [web, orders] = await two()
    const away = { ...pod('away', '127.77.0.4', 9), status: { podIP: '127.77.0.4', conditions: [] } }
    const ending = pod('ending', '127.77.0.7', 9)
    Object.assign(ending.metadata, { deletionTimestamp: '2026-11-29T18:00:00Z' })
    const agent = pod('agent', '127.77.0.5', 9, { hostNetwork: true })
    const worker = pod('worker', '127.77.0.6')
    const dials = await dialled([web ?? {}, orders ?? {}, away, ending, agent, worker], [deny], here())
    expect(new Set(dials.map(({ from: one }) => one))).toEqual(new Set(['orders', 'web', 'worker']))
    expect(new Set(dials.map(({ to }) => to))).toEqual(new Set(['orders', 'web']))
  })
})

describe('dials beyond the namespace', () => {
  const [web, agent] = [pod('web', '127.77.1.1', 9), pod('agent', '127.77.1.2')]
  const outcomes = (dials: readonly DialSeen[]) =>
    dials.map(
      (each) => `${each.from} to ${each.to}:${each.port} ${each.allowed ? 'allowed' : 'forbidden'} ${each.outcome}`,
    )
  const of = (dials: readonly DialSeen[], outside: DialSeen['outside']) =>
    outcomes(dials.filter((each) => each.outside === outside))

  it('reach pods of other namespaces of the target file, by the policies of both', async () => {
    const port = await listens('127.77.1.3')
    const bank = { pods: [pod('ledger', '127.77.1.3', port)] }
    const shop = { pods: [web] }
    const reach = reaching({ namespaces: ['shop', 'bank'] })
    const seen = async (policies: readonly object[]) =>
      of(await beyond(cluster({ shop: { ...shop, policies }, bank }), reach), 'namespace')
    expect(await seen([])).toEqual([`web to bank/ledger:${port} allowed connected`])
    expect(await seen([deny])).toEqual([`web to bank/ledger:${port} forbidden connected`])
  })

  it('reach the cluster DNS by TCP, or say why not', async () => {
    const resolver = (app: string) => {
      const made = pod(app, '127.77.1.4')
      return { ...made, metadata: { ...made.metadata, labels: { 'k8s-app': 'kube-dns' } } }
    }
    const dns = async (all: Cluster) =>
      (await beyond(cluster(all), reaching({}))).filter(({ outside }) => outside === 'dns')
    const shop = { pods: [web], policies: [deny] }
    expect(outcomes(await dns({ shop, 'kube-system': { pods: [resolver('coredns')] } }))).toEqual([
      expect.stringMatching(/^web to kube-system\/coredns\S*:53 forbidden failed$/),
    ])
    const missing = await dns({ shop, 'kube-system': { pods: [agent] } })
    expect(missing).toMatchObject([
      { from: '', outcome: 'undialled', said: expect.stringContaining('k8s-app: kube-dns') },
    ])
    expect(await dns({ shop })).toMatchObject([
      { from: '', outcome: 'undialled', said: expect.stringContaining('403') },
    ])
  })

  it('reach the API server, where the policies say the same of its Service and of itself', async () => {
    const port = await listens('127.77.1.5')
    const api = { ip: '127.77.1.5', port, behind: '203.0.113.9' }
    const seen = async (...policies: readonly object[]) =>
      of(await beyond(cluster({ shop: { pods: [web], policies } }, api), reaching({})), 'api-server')
    expect(await seen(deny)).toEqual([`web to kubernetes.default:${port} forbidden connected`])
    expect(await seen(deny, toBlock('127.77.1.5/32', port))).toEqual([])
    expect(await seen(deny, toBlock('127.77.1.5/32', port), toBlock('203.0.113.0/24', 6443))).toEqual([
      `web to kubernetes.default:${port} allowed connected`,
    ])
  })

  it('reach endpoints that the target file names, by the IP blocks of the policies', async () => {
    const [one, other] = [await listens('127.77.1.6'), await listens('127.77.1.7')]
    const endpoints = [
      { name: 'psp', ip: '127.77.1.6', port: one },
      { name: 'old-psp', ip: '127.77.1.7', port: other },
    ]
    const policies = [deny, toBlock('127.77.1.6/32', one)]
    const dials = await beyond(cluster({ shop: { pods: [web], policies } }), reaching({ endpoints }))
    expect(of(dials, 'endpoint')).toEqual([
      `web to psp (127.77.1.6):${one} allowed connected`,
      `web to old-psp (127.77.1.7):${other} forbidden connected`,
    ])
  })

  it('try an address that nobody has, unless the policies allow the whole world', async () => {
    /** A cluster whose proxy answers for every address. */
    const proxied: Execs = async (_, command) => ({
      output: command
        .filter((word) => word.startsWith('192.0.2.'))
        .map((word) => `${word} connected\n`)
        .join(''),
      status: SUCCESS,
    })
    const seen = async (...policies: readonly object[]) =>
      of(await beyond(cluster({ shop: { pods: [web], policies } }), reaching({}), proxied), 'nobody')
    expect(await seen(deny)).toEqual(['web to 192.0.2.1:443 forbidden connected'])
    expect(await seen()).toEqual([])
  })

  it('run in several pods side by side, four at most', async () => {
    const pods = ['a', 'b', 'c', 'd', 'e', 'f'].map((app, n) => pod(app, `127.77.2.${n + 1}`, 9))
    let [running, most] = [0, 0]
    const four = Promise.withResolvers<void>()
    const slow: Execs = async (_, command) => {
      running += 1
      most = Math.max(most, running)
      if (running === 4) four.resolve()
      await four.promise
      running -= 1
      return {
        output: command
          .slice(3)
          .map((word) => `${word} failed\n`)
          .join(''),
        status: SUCCESS,
      }
    }
    const dials = await dialled(pods, [deny], slow)
    expect(dials).toHaveLength(30)
    expect(dials.map(({ from: one }) => one)).toEqual(pods.flatMap((_, n) => Array(5).fill('abcdef'[n])))
    expect(most).toBe(4)
  })
})
