import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { authorizationOf } from '../../src/adapters/metrics/prometheus-server.ts'
import type { PublishEndpoint, PublishTarget } from '../../src/domain/rehearsal.ts'
import { publishStored } from '../../src/publish/publish-run.ts'
import type { PublishPace } from '../../src/publish/receivers.ts'
import { performed } from '../support/command.ts'
import { evidence } from '../support/evidence.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { remoteWriteReceiver } from './remote-write-receiver.ts'
import { recentRun, runFolder } from './story.ts'
import { strictGrafana } from './strict-grafana.ts'

const TOKEN = 's3cret-token'
const pace: PublishPace = { timeoutMs: 10_000, pauseMs: 20, pauseMostMs: 100 }
const login: NonNullable<PublishEndpoint['login']> = { kind: 'bearer', from: { kind: 'env', name: 'PUBLISH_TOKEN' } }

function withToken(): void {
  vi.stubEnv('PUBLISH_TOKEN', TOKEN)
  onTestFinished(() => void vi.unstubAllEnvs())
}

const published = (folder: string, to: PublishTarget, graceMs = 10_000) =>
  publishStored(folder, to, authorizationOf, graceMs, pace)

describe('what a run publishes by remote write', () => {
  it('is its indicators, phases, faults and generator, in order of time', async () => {
    const place = await remoteWriteReceiver()
    const to = { remoteWrite: { url: place.url } }
    const [result] = await published(runFolder(recentRun(to, Date.now())), to)
    expect(result).toMatchObject({ receiver: 'remoteWrite', refused: 0, outstanding: 0 })
    const good = place.valuesOf('matchday_sli_good_total', { sli: 'deposit' }).filter(Number.isFinite)
    expect(good[0]).toBe(0)
    expect(good.at(-1)).toBeGreaterThan(1000)
    expect(good).toEqual([...good].sort((a, b) => a - b))
    expect(place.valuesOf('matchday_fault_active', { fault: 'psp-a down' })).toContain(1)
    expect(place.valuesOf('matchday_sli_objective_ratio', { sli: 'deposit' })[0]).toBe(0.9985)
    expect(place.valuesOf('matchday_generator_cpu_cores').length).toBeGreaterThan(0)
    const bySeries = Map.groupBy(place.taken(), ({ name, labels }) => name + JSON.stringify(labels))
    for (const series of bySeries.values()) {
      const times = series.flatMap(({ samples }) => samples.map(({ timestampMs }) => timestampMs))
      expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
    }
  })

  it('ends every series, and every state before, when the run ends', async () => {
    const place = await remoteWriteReceiver()
    const to = { remoteWrite: { url: place.url } }
    await published(runFolder(recentRun(to, Date.now())), to)
    for (const [, series] of Map.groupBy(place.taken(), ({ name, labels }) => name + JSON.stringify(labels)))
      expect(series.at(-1)?.samples.at(-1)?.value).toBeNaN()
    expect(place.valuesOf('matchday_phase', { phase: 'recovery' }).filter(Number.isFinite).at(-1)).toBe(0)
  })

  it('goes on where it stopped, with the counters of the whole run', async () => {
    const place = await remoteWriteReceiver((n) => (n === 1 ? 503 : 204))
    const to = { remoteWrite: { url: place.url } }
    const folder = runFolder(recentRun(to, Date.now()))
    const whole = readFileSync(join(folder, 'journal.ndjson'), 'utf8')
    writeFileSync(join(folder, 'journal.ndjson'), `${whole.split('\n').slice(0, 300).join('\n')}\n`)
    expect(await published(folder, to)).toMatchObject([{ sent: 2, outstanding: 0 }])
    const half = place.taken().length
    writeFileSync(join(folder, 'journal.ndjson'), whole)
    await published(folder, to)
    expect(place.taken().length).toBeGreaterThan(half)
    const good = place.valuesOf('matchday_sli_good_total', { sli: 'deposit' }).filter(Number.isFinite)
    expect(good).toEqual([...good].sort((a, b) => a - b))
    // Nothing came twice.
    const again = place.requests.length
    await published(folder, to)
    expect(place.requests.length).toBe(again)
  })

  it('leaves out what the receiver will never take, and says so', async () => {
    const place = await remoteWriteReceiver((n) => (n === 0 ? 400 : 204))
    const to = { remoteWrite: { url: place.url } }
    const [result] = await published(runFolder(recentRun(to, Date.now())), to)
    expect(result).toMatchObject({ refused: 1, outstanding: 0, problem: 'answered 400' })
    expect(place.taken().length).toBeGreaterThan(0)
  })
})

describe('what a run annotates in Grafana', () => {
  it('is its phases and faults, as regions, by the rules of its API', async () => {
    withToken()
    const place = await strictGrafana(TOKEN)
    const to = { grafana: { url: place.url, login } }
    // The controller's clock has fractions of a millisecond.
    const [result] = await published(runFolder(recentRun(to, Date.now() + 0.25)), to)
    expect(place.refused).toEqual([])
    expect(result).toMatchObject({ receiver: 'grafana', refused: 0, outstanding: 0 })
    expect(place.posted.map(({ tags }) => tags[1])).toEqual(
      expect.arrayContaining(['matchday-phase', 'matchday-fault']),
    )
    const fault = place.posted.find(({ text }) => text.includes('fault psp-a down'))
    expect(fault?.timeEnd).toBeGreaterThan(fault?.time ?? 0)
    expect(place.posted.every(({ timeEnd, time }) => timeEnd !== undefined && timeEnd > time)).toBe(true)
  })

  it('ends a fault that was never healed with the run, and says so', async () => {
    withToken()
    const place = await strictGrafana(TOKEN)
    const to = { grafana: { url: place.url, login } }
    const records = recentRun(to, Date.now()).filter(
      (record) => record.kind !== 'fault-step' || record.step.is !== 'healed',
    )
    await published(runFolder(records), to)
    expect(place.posted.map(({ text }) => text).join('\n')).toContain('psp-a down, not healed when the run ended')
  })
})

describe('matchday publish', () => {
  it('publishes what is outstanding, once, and shows no credential and no address', async () => {
    withToken()
    const [grafana, place] = [await strictGrafana(TOKEN), await remoteWriteReceiver()]
    const to = { remoteWrite: { url: place.url, login }, grafana: { url: grafana.url, login } }
    const folder = runFolder(recentRun(to, Date.now()))
    const first = await performed('publish', folder, '--output', 'json')
    expect(first.code).toBe(0)
    expect(JSON.parse(first.stdout)).toMatchObject({ receivers: [{ outstanding: 0 }, { outstanding: 0 }] })
    const again = await performed('publish', folder)
    expect(again.stderr).toContain('grafana: 0 requests delivered')
    const left = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
    expect([first.stdout, first.stderr, again.stderr, ...left].join()).not.toContain(TOKEN)
  })

  it('says what did not arrive and why, with exit code 5', async () => {
    const grafana = await strictGrafana('another')
    const to = { grafana: { url: grafana.url, login } }
    const folder = runFolder(recentRun(to, Date.now()))
    const unset = await performed('publish', folder, '--for', '1s')
    expect(unset.code).toBe(5)
    expect(unset.stderr).toContain('the environment variable PUBLISH_TOKEN is not set')
    withToken()
    const refused = await performed('publish', folder, '--for', '1s')
    expect(refused.stderr).toContain('answered 401')
    expect(refused.stderr).not.toContain(TOKEN)
  })

  it('says before the run begins which credentials and certificates cannot be read, each with its line', async () => {
    const lab = readFileSync('scenarios/targets/lab.yaml', 'utf8').trimEnd()
    const target = join(tempFolder(), 'lab.yaml')
    const receivers = [
      '  publish:',
      '    remoteWrite: {url: http://127.0.0.1:9/write, bearer: {env: MATCHDAY_TEST_UNSET}}',
      '    grafana: {url: https://127.0.0.1:9, basic: {file: no-such-file}, ca: no-such-ca.pem}',
    ]
    writeFileSync(target, `${lab}\n${receivers.join('\n')}\n`)
    const stock = 'scenarios/psp-down-at-peak.rehearsal.yaml'
    const { code, stderr } = await performed('run', stock, '--lab', '--target', target)
    expect(code).toBe(5)
    const line = lab.split('\n').length
    expect(stderr).toContain(`${target}:${line + 2} credential-missing`)
    expect(stderr).toContain('publish.remoteWrite: the environment variable MATCHDAY_TEST_UNSET is not set.')
    expect(stderr).toContain(`${target}:${line + 3} credential-missing`)
    expect(stderr).toMatch(/publish\.grafana: .*no-such-file cannot be read \(ENOENT\)\./)
    expect(stderr).toMatch(/publish\.grafana: ENOENT.*no-such-ca\.pem/)
    expect(stderr).not.toContain('lab:')
  })

  it('needs a target that publishes', async () => {
    const folder = runFolder(evidence())
    const said = await performed('publish', folder)
    expect(said.code).toBe(5)
    expect(said.stderr).toContain('says nowhere to publish to')
  })
})
