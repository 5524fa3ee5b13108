import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { dialPods } from '../../../src/adapters/kubernetes/dials.ts'
import type { DialSeen } from '../../../src/domain/effects.ts'
import { type Answers, type Execs, smallApiServer } from '../../support/small-api-server.ts'

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
