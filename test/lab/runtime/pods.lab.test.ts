import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { controlComponent } from '../../../src/lab/lab.ts'
import type { Json } from '../support/lab-bench.ts'
import { reach } from '../support/pod-reach.ts'
import { type SharedBench, sharedBench } from '../support/shared-bench.ts'
import { asRoot, config, crashing, database, deployment, secret, sidecars, unknownImage } from './manifests.ts'

let bench: SharedBench
beforeAll(async () => {
  bench = await sharedBench()
  await bench.apply(config, secret, deployment, database, crashing, sidecars, unknownImage, asRoot)
  await bench.kubectl('rollout', 'status', 'deployment/app', '--timeout=60s')
})
afterAll(() => bench.leave())

const statusOf = async (pod: string): Promise<Json> => (await bench.get('pod', pod)).status
const containerOf = async (pod: string): Promise<Json> => (await statusOf(pod)).containerStatuses?.[0]
const podsOfApp = async (): Promise<Json[]> => (await bench.get('pods', '-l', 'app=app')).items

describe('a pod', () => {
  it('reads its configuration, secret and token at the paths in its manifest, as a non-root user', async () => {
    const [first] = await podsOfApp()
    const { host, port } = await reach(bench.state, first.status.podIP, 8080)
    const answer = await (await fetch(`http://${host}:${port}/`)).json()
    expect(answer).toMatchObject({ greeting: 'hello', secret: 's3cret', tokenParts: 3 })
    expect(answer).not.toMatchObject({ uid: 0 })
  })

  it('supports kubectl logs, exec and top', async () => {
    const name = (await podsOfApp())[0].metadata.name
    expect(await bench.kubectl('logs', name)).toBe(`listening ${name}\n`)
    expect(
      await bench.kubectl(
        'exec',
        name,
        '--',
        'node',
        '-e',
        `console.log(fs.readFileSync('/etc/config/greeting', 'utf8'))`,
      ),
    ).toBe('hello\n')
    await expect(bench.kubectl('exec', name, '--', 'sh', '-c', 'exit 7')).rejects.toMatchObject({ code: 7 })
    const node = (await podsOfApp())[0].spec.nodeName
    const figures = await bench.kubectl('get', '--raw', `/api/v1/nodes/${node}/proxy/metrics/resource`)
    expect(figures).toMatch(
      new RegExp(`container_memory_working_set_bytes\\{container="app",[^}]*pod="${name}"\\} [1-9]`),
    )
  })

  it('runs its init containers and sidecars in order, and completes', async () => {
    await vi.waitFor(async () => expect((await statusOf('sidecars')).phase).toBe('Succeeded'), 30_000)
    expect(await bench.kubectl('logs', 'sidecars', '-c', 'init')).toBe('prepared\n')
    expect((await statusOf('sidecars')).initContainerStatuses[1].state.terminated).toMatchObject({ exitCode: 0 })
  })

  it('with a missing image waits with the reason', async () => {
    await vi.waitFor(async () => {
      const { waiting } = (await containerOf('unknown-image')).state
      expect(waiting.reason).toMatch(/^(ErrImagePull|ImagePullBackOff)$/)
      expect(waiting.message).toContain('not in the lab')
    }, 20_000)
  })

  it.runIf(process.getuid?.() === 0)('that asks for root is refused with a reason', async () => {
    const refused = {
      reason: 'CreateContainerError',
      message: expect.stringContaining('never runs a container as root'),
    }
    const waiting = async () => (await containerOf('as-root')).state.waiting
    await vi.waitFor(async () => expect(await waiting()).toMatchObject(refused), 20_000)
  })

  it('gets an Event about what the lab does not do', async () => {
    const { items } = await bench.get('events', '--field-selector', 'reason=NotEnforcedInLab')
    expect(items.map((event: Json) => event.message)).toContain(
      'container app: no memory limit in the lab, where a container is a process',
    )
  })

  it('drains on deletion, and another one takes its place', async () => {
    const [first] = await podsOfApp()
    await bench.kubectl('delete', 'pod', first.metadata.name, '--timeout=20s')
    await bench.kubectl('rollout', 'status', 'deployment/app', '--timeout=30s')
    expect((await podsOfApp()).map((pod) => pod.metadata.uid)).not.toContain(first.metadata.uid)
  })
})

describe('a database', () => {
  async function query(sql: string): Promise<Json[]> {
    const { podIP } = await statusOf('db-0')
    const at = await reach(bench.state, podIP, 5432)
    const client = new Client({ ...at, user: 'wallet', password: 's3cret', database: 'wallet' })
    await client.connect()
    try {
      return (await client.query(sql)).rows
    } finally {
      await client.end()
    }
  }
  const ready = () => bench.kubectl('rollout', 'status', 'statefulset/db', '--timeout=60s')

  it('runs with the arguments and users of its manifest, and refuses a wrong password', async () => {
    await ready()
    expect(
      await query(
        'select current_user, current_setting($$max_connections$$) as connections, current_setting($$fsync$$) as fsync',
      ),
    ).toEqual([{ current_user: 'wallet', connections: '40', fsync: 'on' }])
    const stranger = new Client({
      ...(await reach(bench.state, (await statusOf('db-0')).podIP, 5432)),
      user: 'wallet',
      password: 'no',
      database: 'wallet',
    })
    await expect(stranger.connect()).rejects.toThrow(/password authentication failed/)
  })

  it('keeps its data when its pod is deleted, also by force', async () => {
    await query('create table kept (n int)')
    await query('insert into kept values (1)')
    for (const how of ['--timeout=20s', '--force']) {
      const { uid } = (await bench.get('pod', 'db-0')).metadata
      await bench.kubectl('delete', 'pod', 'db-0', how)
      await vi.waitFor(async () => expect((await bench.get('pod', 'db-0')).metadata.uid).not.toBe(uid), 20_000)
      await ready()
      // The count of ready replicas may still include the deleted pod.
      await vi.waitFor(async () => expect(await query('select n from kept')).toEqual([{ n: 1 }]), 20_000)
    }
  })
})

// Its second restart comes after half a minute, which the tests above have used up.
describe('a pod that crashes', () => {
  it('is restarted with back-off, and its status says why', async () => {
    await vi.waitFor(async () => expect((await containerOf('crashing')).restartCount).toBeGreaterThanOrEqual(2), 30_000)
    const { state, lastState } = await containerOf('crashing')
    expect(state.terminated ?? lastState.terminated).toMatchObject({
      exitCode: 3,
      reason: 'Error',
      message: 'the reason\n',
    })
    await vi.waitFor(
      async () => expect((await containerOf('crashing')).state.waiting?.reason).toBe('CrashLoopBackOff'),
      30_000,
    )
    expect(await bench.kubectl('logs', 'crashing', '--previous')).toBe('about to fail\n')
  })
})

describe('the node runtime', () => {
  it('can be killed: no pod ends, restarts or changes its address, and kubectl works again at once', async () => {
    const identity = (pod: Json) => [
      pod.metadata.name,
      pod.status.podIP,
      pod.status.containerStatuses[0].containerID,
      pod.status.containerStatuses[0].restartCount,
    ]
    const before = (await podsOfApp()).map(identity)
    const name = (await podsOfApp())[0].metadata.name
    for (let times = 0; times < 2; times++) {
      await controlComponent(bench.root, 'node-runtime', 'kill')
      await controlComponent(bench.root, 'node-runtime', 'start')
      await vi.waitFor(
        async () => expect(await bench.kubectl('exec', name, '--', 'echo', 'back')).toBe('back\n'),
        15_000,
      )
    }
    expect((await podsOfApp()).map(identity)).toEqual(before)
    expect(await bench.kubectl('logs', name)).toBe(`listening ${name}\n`)
    await bench.kubectl('delete', 'pod', name, '--timeout=20s')
  })
})
