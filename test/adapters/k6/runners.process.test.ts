import { execFile } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { testRunOf } from '../../../src/adapters/k6/runners/test-run.ts'
import type { InstanceEnd } from '../../../src/controller/ports.ts'
import type { LoadPlan } from '../../../src/domain/timeline.ts'
import { seconds } from '../../../src/domain/units.ts'
import { resolveTool } from '../../../src/toolchain/toolchain.ts'
import { PROMO_PEAK, planOf, stage } from './driving.ts'
import { driveRunners, totalsOf } from './runner-drive.ts'
import { type SmallCluster, smallCluster } from './small-cluster.ts'
import { smallPlatform } from './small-platform.ts'

let binary = ''
let folder = ''
beforeAll(async () => {
  binary = (await resolveTool('k6')).path
  folder = await mkdtemp(join(tmpdir(), 'matchday-runners-'))
})

const PLAIN = `import http from 'k6/http'
const rows = open('./rows.csv').trim().split('\\n')
export function setup() {
  http.post(__ENV.BASE + '/setup/' + __ENV.API_KEY)
  return { token: 'secret' }
}
export default function (data) {
  http.get(__ENV.BASE + '/' + rows.length + '/' + data.token)
}
export function teardown(data) {
  http.post(__ENV.BASE + '/teardown/' + data.token)
}
`

/** Problems, but for those of a busy machine, on which a push may be late. */
const untimed = (instances: readonly InstanceEnd[] = []): readonly string[] =>
  instances.flatMap(({ problems }) => problems).filter((each) => !/time series|sent no metrics/.test(each))

/** A script that reads a file, setup's data and a credential, with 12 requests per second for three seconds by three runners. */
async function plainScript(entry: string): Promise<{ readonly script: string; readonly plan: LoadPlan }> {
  const place = await mkdtemp(join(tmpdir(), 'matchday-plain-'))
  await writeFile(join(place, 'rows.csv'), 'a\nb\n')
  await writeFile(join(place, 'plain.js'), PLAIN)
  const scenario = {
    executor: 'constant-arrival-rate',
    rate: 12,
    timeUnit: '1s',
    duration: '3s',
    preAllocatedVUs: 6,
    maxVUs: 6,
  }
  const plan = planOf(
    entry,
    {},
    {
      ...{
        runners: 3,
        env: { BASE: entry },
        indicators: { pages: { kind: 'http', where: {}, at: { file: 'x', line: 1, column: 1 } } },
      },
      outside: { scenarios: { default: scenario }, shown: [], endsMs: seconds(3), drainMs: seconds(1) },
    },
  )
  return { script: join(place, 'plain.js'), plan }
}

/** The text of the script's archive among objects. A tar is not compressed. */
const archiveIn = (objects: readonly object[]): string =>
  objects
    .flatMap((each) => ('binaryData' in each ? Object.values(each.binaryData ?? {}) : []))
    .map((base64) => Buffer.from(String(base64), 'base64').toString('latin1'))
    .join('')

/** What k6-operator gives to k6: variables and flags. */
function runnerIn(testRun: unknown): { readonly env: Record<string, string>; readonly args: readonly string[] } {
  const { spec } = testRun as {
    readonly spec: {
      readonly args: readonly string[]
      readonly runner: { readonly env: readonly { readonly name: string; readonly value: string }[] }
    }
  }
  return { env: Object.fromEntries(spec.runner.env.map(({ name, value }) => [name, value])), args: spec.args }
}

const opened = async () => {
  const platform = await smallPlatform()
  onTestFinished(() => platform.close())
  return { platform, cluster: await smallCluster(binary) }
}

const drive = (cluster: SmallCluster, entry: string, runners: number, ms: number) => {
  const profiles = {
    login: [stage(ms, 10)],
    deposit: [stage(ms / 2, 0, 20), stage(ms / 2, 20)],
    bet: [stage(ms, 13)],
  } as const
  const sockets = { lifetimeMs: seconds(60), stages: [stage(ms, 20)], sli: 'ws-rtt' }
  return driveRunners({ api: cluster.api, binary, folder }, PROMO_PEAK, planOf(entry, profiles, { runners, sockets }))
}

describe('runners', () => {
  it('one and three of them make the same load: the same due, keys, sums of money and digests', {
    timeout: 120_000,
  }, async () => {
    const run = async (runners: number) => {
      const { platform, cluster } = await opened()
      const { load, events, owed, ended, undone } = await drive(cluster, platform.entry, runners, 4000)
      const { outcome, exitCode, instances } = await ended()
      expect({ outcome, exitCode }).toEqual({ outcome: 'completed', exitCode: 0 })
      expect(untimed(instances)).toEqual([])
      // Each object was written down before it was made, and goes.
      expect(owed.map((undo) => ('name' in undo ? undo.name : '')).toSorted()).toEqual(
        [...cluster.objects.values()].map(({ metadata }) => metadata.name).toSorted(),
      )
      await undone()
      expect([...cluster.objects.keys()]).toEqual([])
      const keys = [...platform.committed].map(([path, orders]) => [
        path,
        orders.map(({ key, amountCents }) => `${key} ${amountCents}`).toSorted(),
      ])
      return {
        runners: load.runners?.length,
        totals: totalsOf(events),
        keys: Object.fromEntries(keys),
        logins: platform.logins.length,
        events,
      }
    }
    const one = await run(1)
    const three = await run(3)
    expect(one.runners).toBe(1)
    expect(three.runners).toBe(3)
    expect(one.totals).toMatchObject({ 'due of login': 40, 'due of deposit': 60, 'due of bet': 52 })
    expect(three.totals).toEqual(one.totals)
    expect(three.keys).toEqual(one.keys)
    // A setup for each runner would log in three times as many players.
    expect(three.logins).toBe(one.logins)
    const health = three.events.flatMap((event) => (event.kind === 'health' ? [event.health.instance] : []))
    expect([...new Set(health)].toSorted()).toEqual(['runner-0', 'runner-1', 'runner-2'])
  })

  it("perform a plain script's setup and teardown once, with its data, and read its files and credentials", {
    timeout: 60_000,
  }, async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.end('ok')
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    onTestFinished(() => void server.close())
    const { script, plan } = await plainScript(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const cluster = await smallCluster(binary)
    const { events, ended, undone } = await driveRunners(
      { api: cluster.api, binary, folder, credentials: { API_KEY: 's3cret-key' } },
      script,
      plan,
    )
    const { outcome, instances } = await ended()
    expect({ outcome, problems: untimed(instances) }).toEqual({
      outcome: 'completed',
      problems: [],
    })
    expect(asked.at(0)).toBe('/setup/s3cret-key')
    const archive = archiveIn([...cluster.objects.values()])
    expect(archive).toContain('__ENV.API_KEY')
    expect(archive).not.toContain('s3cret-key')
    expect(asked.at(-1)).toBe('/teardown/secret')
    expect(asked.filter((path) => path === '/2/secret')).toHaveLength(asked.length - 2)
    const frames = events.flatMap((event) => (event.kind === 'frame' ? [event.frame] : []))
    const last = [...Map.groupBy(frames, ({ instance }) => instance).values()].flatMap((each) => each.at(-1) ?? [])
    expect(last.reduce((sum, { slis }) => sum + (slis.pages?.good ?? 0), 0)).toBe(asked.length - 2)
    expect([36, 37]).toContain(asked.length - 2)
    await undone()
  })

  it('are exported for k6-operator with an archive that k6 can run, and without credentials', {
    timeout: 60_000,
  }, async () => {
    const { script, plan } = await plainScript('http://127.0.0.1:9')
    const at = { file: 'target.yaml', line: 1, column: 1 }
    const [config, testRun] = await testRunOf({
      ...{ binary, cacheFolder: join(folder, 'bundles'), script, plan, name: 'matchday-plain' },
      load: {
        ...{ runners: 3, namespace: 'load', image: 'k6:1', relayImage: 'node:24', cpu: '2', memory: '1Gi', at },
        tolerates: ['load'],
      },
      ...{ remoteWrite: 'http://prometheus/api/v1/write', credentials: ['API_KEY'], withheld: [] },
    })
    const limits = { cpu: '2', memory: '1Gi' }
    expect(testRun).toMatchObject({
      kind: 'TestRun',
      metadata: { name: 'matchday-plain', namespace: 'load' },
      spec: {
        parallelism: 3,
        script: { configMap: { name: 'matchday-plain', file: 'load.tar' } },
        args: expect.arrayContaining(['--out', 'experimental-prometheus-rw']),
        runner: {
          image: 'k6:1',
          env: expect.arrayContaining([{ name: 'BASE', value: 'http://127.0.0.1:9' }]),
          resources: { requests: limits, limits },
          tolerations: [{ key: 'load', operator: 'Exists' }],
        },
      },
    })
    const archive = archiveIn([config ?? {}])
    expect(archive).toContain('__ENV.API_KEY')
    expect(archive).not.toContain('credential-API_KEY')
    const file = join(folder, 'exported.tar')
    await writeFile(file, Buffer.from(archive, 'latin1'))
    const { env, args } = runnerIn(testRun)
    const flags = args.filter((each) => each === '--include-system-env-vars')
    const { stdout } = await promisify(execFile)(binary, ['inspect', '--execution-requirements', ...flags, file], {
      env,
    })
    // Six of the script, and one for each runner to tell time zero.
    expect(JSON.parse(stdout)).toMatchObject({ maxVUs: 9, scenarios: { default: { rate: 12 } } })
  })

  it('all of them stop within two seconds, and their exit codes say so', { timeout: 60_000 }, async () => {
    const { platform, cluster } = await opened()
    const { load, ended, undone } = await drive(cluster, platform.entry, 3, 30_000)
    await sleep(2000)
    const at = performance.now()
    await load.stop()
    expect(performance.now() - at).toBeLessThan(2000)
    const { outcome, instances } = await ended()
    expect(outcome).toBe('stopped')
    expect(instances?.map(({ exitCode }) => exitCode)).toEqual([103, 103, 103])
    await undone()
  })

  it('a runner that is lost is named, and the others are stopped', { timeout: 60_000 }, async () => {
    const { platform, cluster } = await opened()
    const { ended, undone } = await drive(cluster, platform.entry, 3, 30_000)
    await sleep(2000)
    cluster.kill('runner-1')
    const { outcome, instances } = await ended()
    expect(outcome).toBe('crashed')
    expect(instances?.map((each) => [each.instance, each.outcome, each.exitCode])).toEqual([
      ['runner-0', 'stopped', 103],
      ['runner-1', 'crashed', 137],
      ['runner-2', 'stopped', 103],
    ])
    expect(instances?.[1]?.problems[0]).toMatch(/^runner-1: pod matchday-.*-runner-1-x1y2z on node node-1: /)
    await undone()
  })
})
