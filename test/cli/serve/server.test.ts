import { appendFileSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createServedRuns } from '../../../src/cli/serve/served-runs.ts'
import { type Doorkeeper, serveVerdicts, type VerdictServer } from '../../../src/cli/serve/server.ts'
import type { Evidence } from '../../../src/domain/evidence.ts'
import { openControl } from '../../../src/live/control.ts'
import { acceptance, accepting } from '../../support/accepting.ts'
import {
  actionOf,
  actionSteps,
  evidence,
  START,
  secondAt,
  toBad,
  together,
  withActions,
} from '../../support/evidence.ts'
import { sessionRecords } from '../../support/evidence-blocks.ts'
import {
  atFirst,
  begun,
  type FollowCounted,
  type FollowMoment,
  first,
  followAct,
  scrapes,
  wentOn,
} from '../../support/evidence-follow.ts'
import { wrongIn } from '../../support/output-schema.ts'
import { later, store } from '../../support/stored.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const HOUR = 3_600_000
const passed = evidence()
const failed = evidence({ load: (second, load) => second > 95 && second < 120 && toBad(load.login, 9) })
const blind = evidence().filter(({ kind }) => kind !== 'book-read')
const SOON = START + 10 * 60_000

/** A run at second 64, which follows a Rollout. */
const following = (steps: readonly FollowMoment[], counted: Partial<FollowCounted> = {}): readonly Evidence[] =>
  together(
    evidence({ rehearsal: withActions(actionOf('shop 2', followAct)) }),
    scrapes({ share: atFirst, bad: 0, ...counted }),
    actionSteps('shop 2', ...steps),
  ).filter(({ at }) => at < secondAt(66))

async function served(folder: string, keeper: Partial<Doorkeeper> = {}): Promise<VerdictServer> {
  const runs = createServedRuns({ folder, maxAgeMs: HOUR })
  const server = await serveVerdicts(runs, { host: '127.0.0.1', port: 0 }, { now: () => SOON, ...keeper })
  onTestFinished(() => server.close())
  return server
}
/** Asks again while the run is being judged, which takes longer than an answer may on a busy machine. */
const ask = async ({ url }: VerdictServer, path: string, init: RequestInit = {}) => {
  for (;;) {
    const response = await fetch(url + path, init)
    const body = (await response.json()) as Record<string, unknown>
    if (!String(body.reason).includes('being judged; ask again')) return { status: response.status, body }
  }
}
/** As Flagger posts. */
const post = (server: VerdictServer, path: string, body = '{"name":"shop","namespace":"prod","phase":"Progressing"}') =>
  ask(server, path, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } })

describe('a delivery tool that asks for a verdict', () => {
  it.each([
    ['a run that passed', passed, 'pass', 200, 409],
    ['a run that failed', failed, 'fail', 409, 200],
    ['a run that could not see', blind, 'inconclusive', 425, 425],
  ])('gets the answer for %s', async (_, records, verdict, confirm, rollback) => {
    const reports = tempFolder()
    store(reports, 'psp-down-at-peak-20260921-141320', records)
    const server = await served(reports)
    const { status, body } = await ask(server, '/v1/verdict')
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { format: 1, verdict, run: 'psp-down-at-peak-20260921-141320', rehearsal: 'psp-down-at-peak' },
    })
    expect(wrongIn('gate', body)).toEqual([])
    expect(body.reason).toMatch(/\S/)
    expect((await post(server, '/v1/flagger/confirm')).status).toBe(confirm)
    expect((await post(server, '/v1/flagger/rollback')).status).toBe(rollback)
  })

  it('gets a pass with accepted findings', async () => {
    const reports = tempFolder()
    store(reports, 'a-20260921-141320', accepting(failed, acceptance('slo-missed')))
    expect((await ask(await served(reports), '/v1/verdict')).body).toMatchObject({
      verdict: 'pass',
      acceptedFindings: 1,
      reason: expect.stringContaining('Passes with 1 accepted finding'),
    })
  })

  it('gets the newest run, a named run, or the newest run of one rehearsal', async () => {
    const reports = tempFolder()
    store(reports, 'psp-down-at-peak-20260921-141320', failed)
    store(reports, 'psp-down-at-peak-20260921-141321', passed)
    const server = await served(reports)
    expect((await ask(server, '/v1/verdict')).body).toMatchObject({ verdict: 'pass' })
    expect((await ask(server, '/v1/verdict?run=psp-down-at-peak-20260921-141320')).body.verdict).toBe('fail')
    expect((await ask(server, '/v1/verdict?rehearsal=psp-down-at-peak')).body.verdict).toBe('pass')
    expect(await ask(server, '/v1/verdict?rehearsal=derby-day')).toMatchObject({
      status: 200,
      body: { verdict: 'inconclusive', reason: 'There is no run of derby-day here yet.' },
    })
    expect((await ask(server, '/v1/verdict?run=latest')).status).toBe(404)
  })

  it('gets no pass from an old run unless it names that run', async () => {
    const reports = tempFolder()
    store(reports, 'a-20260921-141320', passed)
    const server = await served(reports, { now: () => SOON + 2 * HOUR })
    expect((await ask(server, '/v1/verdict')).body).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('ended 127 minutes ago'),
    })
    expect((await post(server, '/v1/flagger/confirm')).status).toBe(425)
    expect((await ask(server, '/v1/verdict?run=a-20260921-141320')).body.verdict).toBe('pass')
  })

  it('gets no pass from a run that began before the requested time', async () => {
    const reports = tempFolder()
    store(reports, 'a-20260921-141320', passed)
    const server = await served(reports)
    const since = (ms: number) => `/v1/verdict?since=${new Date(START + ms).toISOString()}`
    expect((await ask(server, since(1))).body.verdict).toBe('inconclusive')
    expect((await ask(server, since(0))).body.verdict).toBe('pass')
  })

  it('gets no pass before the first run', async () => {
    const server = await served(tempFolder())
    expect((await ask(server, '/v1/verdict')).body).toMatchObject({ verdict: 'inconclusive' })
    expect((await post(server, '/v1/flagger/confirm')).status).toBe(425)
    expect((await post(server, '/v1/flagger/rollback')).status).toBe(425)
  })

  it('waits while the run is in progress, and gets its verdict at the end', async () => {
    const reports = tempFolder()
    const folder = store(reports, 'a-20260921-141320', passed.slice(0, 900))
    const control = await openControl(folder)
    onTestFinished(() => control.close())
    // Nothing was written for an hour, and the controller still answers.
    const before = new Date(Date.now() - HOUR)
    utimesSync(join(folder, 'journal.ndjson'), before, before)
    const server = await served(reports)
    expect((await ask(server, '/v1/verdict')).body.verdict).toBe('running')
    expect((await post(server, '/v1/flagger/confirm')).status).toBe(425)
    store(reports, 'a-20260921-141320', passed)
    expect((await ask(server, '/v1/verdict')).body.verdict).toBe('pass')
  })

  it.each<[string, readonly FollowMoment[], Partial<FollowCounted>, string, string]>([
    ['a step of a good release', first, {}, 'pass', 'Step 1, 25%: '],
    ['a step of a release with errors', first, { bad: 0.2 }, 'fail', 'answers of the new release were server errors'],
    ['a step that does not get its share', first, { share: () => 0.05 }, 'running', '25 % were asked for'],
    ['the time between two steps', [...first, wentOn(65, 1)], {}, 'running', 'has not reached its next step'],
    ['the time before the first step', [begun], {}, 'running', 'has not reached its next step'],
  ])('gets an answer about %s of a Rollout that the run follows', async (_, steps, counted, verdict, reason) => {
    const reports = tempFolder()
    const folder = store(reports, 'a-20260921-141320', following(steps, counted))
    const server = await served(reports)
    const { body } = await ask(server, '/v1/verdict?rollout=shop&release=b2')
    expect(body).toMatchObject({ verdict, reason: expect.stringContaining(reason), run: 'a-20260921-141320' })
    expect(wrongIn('gate', body)).toEqual([])
    // The run as a whole is under way.
    expect((await ask(server, '/v1/verdict')).body.verdict).toBe('running')
    const before = new Date(Date.now() - HOUR)
    utimesSync(join(folder, 'journal.ndjson'), before, before)
    expect((await ask(server, '/v1/verdict?rollout=shop')).body).toMatchObject({
      verdict: 'inconclusive',
      reason: 'No run under way follows Rollout shop.',
    })
  })

  it('gets no pass about another release, or a Rollout that the run does not follow', async () => {
    const reports = tempFolder()
    store(reports, 'a-20260921-141320', following(first))
    const server = await served(reports)
    expect((await ask(server, '/v1/verdict?rollout=shop&release=c3')).body).toMatchObject({
      verdict: 'running',
      reason: 'The run follows release b2 of Rollout shop, not c3.',
    })
    expect((await ask(server, '/v1/verdict?rollout=other')).body).toMatchObject({
      verdict: 'inconclusive',
      reason: 'The rehearsal does not follow Rollout other with a gate.',
    })
    expect((await ask(server, '/v1/verdict?release=b2')).status).toBe(400)
  })

  it('gets inconclusive for a journal that is damaged or was changed after it was judged', async () => {
    const reports = tempFolder()
    const folder = store(reports, 'a-20260921-141320', passed)
    const server = await served(reports)
    expect((await ask(server, '/v1/verdict')).body.verdict).toBe('pass')
    const journal = join(folder, 'journal.ndjson')
    writeFileSync(journal, readFileSync(journal, 'utf8').replace('"bad":0', '"bad":1'))
    expect((await ask(server, '/v1/verdict')).body.verdict).toBe('inconclusive')
    appendFileSync(journal, 'no JSON\n')
    expect((await ask(server, '/v1/verdict')).body.verdict).toBe('inconclusive')
  })

  it('gets a comparison too, and never a folder that is not a run', async () => {
    const reports = tempFolder()
    const folder = store(reports, 'a-20260921-141320', sessionRecords())
    writeFileSync(join(store(reports, 'z-20260922-141320', passed), 'journal.ndjson'), 'no journal\n')
    const server = await served(reports)
    // A journal without an end that was written just now may still grow.
    expect((await ask(server, '/v1/verdict')).body).toMatchObject({ verdict: 'running', run: 'a-20260921-141320' })
    const before = new Date(Date.now() - HOUR)
    utimesSync(join(folder, 'journal.ndjson'), before, before)
    expect((await ask(server, '/v1/verdict')).body).toMatchObject({ verdict: 'inconclusive', run: 'a-20260921-141320' })
  })

  it('gets the only served run, whatever its age', async () => {
    const folder = store(tempFolder(), 'a-20260921-141320', passed)
    const server = await served(folder, { now: () => SOON + 100 * HOUR })
    expect((await ask(server, '/v1/verdict')).body.verdict).toBe('pass')
    expect((await ask(server, '/v1/verdict?run=b')).status).toBe(404)
  })
})

describe('access to the server', () => {
  const token = 'a-secret-of-20-chars'
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

  it.each([
    ['nothing', undefined, 401],
    ['another token', 'Bearer a-secret-of-20-charz', 401],
    ['no scheme', token, 401],
    ['another scheme', `Digest ${token}`, 401],
    ['the token', `Bearer ${token}`, 200],
    ['a scheme in small letters', `bearer ${token}`, 200],
    ['the token as the password of a URL', basic(`flagger:${token}`), 200],
    ['the token as the user of a URL', basic(`${token}:x`), 401],
  ])('with a token admits %s with %s', async (_, authorization, status) => {
    const reports = tempFolder()
    store(reports, 'a-20260921-141320', passed)
    const server = await served(reports, { token })
    const headers = authorization === undefined ? {} : { Authorization: authorization }
    expect((await ask(server, '/v1/verdict', { headers })).status).toBe(status)
    expect((await ask(server, '/healthz')).status).toBe(200)
  })

  it('shows nothing of runs without the token', async () => {
    const reports = tempFolder()
    store(reports, 'a-20260921-141320', passed)
    const { body } = await ask(await served(reports, { token }), '/v1/verdict?run=a-20260921-141320')
    expect(body).toEqual({ problem: 'the token is missing or wrong' })
  })

  it('is refused for a host name that was made to point at this machine (DNS rebinding)', async () => {
    const server = await served(tempFolder())
    const { port } = new URL(server.url)
    const answer = await raw(
      Number(port),
      'GET /v1/verdict HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 403 /)
  })

  it('refuses a long body, and a body that never ends', async () => {
    const server = await served(tempFolder())
    expect((await post(server, '/v1/flagger/confirm', 'x'.repeat(60_000))).status).toBe(425)
    const long = await post(server, '/v1/flagger/confirm', 'x'.repeat(200_000)).catch(() => ({ status: 413 }))
    expect(long.status).toBe(413)
  })

  it('ends although a client keeps its connection open', async () => {
    const server = await served(tempFolder())
    const { port } = new URL(server.url)
    const idle = connect(Number(port), '127.0.0.1')
    idle.on('error', () => undefined)
    idle.write('POST /v1/flagger/confirm HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n')
    await ask(server, '/healthz')
    const began = performance.now()
    await server.close()
    expect(performance.now() - began).toBeLessThan(5_000)
    idle.destroy()
  })
})

/** What the server answers to exactly these bytes: `fetch` would not send another host. */
const raw = (port: number, request: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('end', () => resolve(text)).on('error', reject)
  })

it('the server judges a run once, however often it is asked', async () => {
  const reports = tempFolder()
  store(reports, 'a-20260921-141320', later(passed, 0))
  const runs = createServedRuns({ folder: reports, maxAgeMs: HOUR })
  const [first, second] = await Promise.all([runs.answer({}, SOON), runs.answer({}, SOON)])
  expect(first).toBe(second)
  expect(await runs.answer({}, SOON)).toBe(first)
})
