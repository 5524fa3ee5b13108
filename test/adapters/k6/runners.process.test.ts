import { mkdtemp, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { InstanceEnd } from '../../../src/controller/ports.ts'
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
  http.post(__ENV.BASE + '/setup')
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

  it("perform a plain script's setup and teardown once, with its data, and read its files", {
    timeout: 60_000,
  }, async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.end('ok')
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    onTestFinished(() => void server.close())
    const place = await mkdtemp(join(tmpdir(), 'matchday-plain-'))
    await writeFile(join(place, 'rows.csv'), 'a\nb\n')
    await writeFile(join(place, 'plain.js'), PLAIN)
    const entry = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
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
    const cluster = await smallCluster(binary)
    const { events, ended, undone } = await driveRunners(
      { api: cluster.api, binary, folder },
      join(place, 'plain.js'),
      plan,
    )
    const { outcome, instances } = await ended()
    expect({ outcome, problems: untimed(instances) }).toEqual({
      outcome: 'completed',
      problems: [],
    })
    expect(asked.at(0)).toBe('/setup')
    expect(asked.at(-1)).toBe('/teardown/secret')
    expect(asked.filter((path) => path === '/2/secret')).toHaveLength(asked.length - 2)
    const frames = events.flatMap((event) => (event.kind === 'frame' ? [event.frame] : []))
    const last = [...Map.groupBy(frames, ({ instance }) => instance).values()].flatMap((each) => each.at(-1) ?? [])
    expect(last.reduce((sum, { slis }) => sum + (slis.pages?.good ?? 0), 0)).toBe(asked.length - 2)
    expect([36, 37]).toContain(asked.length - 2)
    await undone()
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
