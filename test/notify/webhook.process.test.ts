import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { deliverAfterHeal } from '../../src/cli/notifications.ts'
import { performed } from '../support/command.ts'
import { type Receiver, receiver } from '../support/receiver.ts'
import { tempFolder } from '../support/temp-folder.ts'

vi.setConfig({ testTimeout: 60_000 })

const ALL = [
  'dev.matchday.run.planned',
  'dev.matchday.run.started',
  'dev.matchday.run.injected',
  'dev.matchday.run.healed',
  'dev.matchday.run.verdict',
]

type Event = { readonly id: string; readonly type: string; readonly data: { readonly verdict?: string } }
const eventsAt = ({ received }: Receiver): readonly Event[] =>
  received.filter(({ status }) => status < 300).map(({ body }) => JSON.parse(body) as Event)
const typesAt = (place: Receiver) => eventsAt(place).map(({ type }) => type)
/** At least once: a type may come again, with the id that it had. */
const once = (place: Receiver) => [...new Map(eventsAt(place).map(({ id, type }) => [id, type])).values()]

type Run = { readonly child: ChildProcess; readonly said: Promise<string>; readonly ended: Promise<unknown> }

function run(folder: string, speed: number, place: Receiver): Run {
  const child = spawn(process.execPath, ['test/notify/controller-main.ts', folder, String(speed)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MATCHDAY_WEBHOOK_URL: place.url },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdout.resume()
  return { child, said: text(child.stderr), ended: new Promise((resolve) => child.on('exit', resolve)) }
}

const childrenOf = (pid: number | undefined): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

function configured(place: Receiver): void {
  vi.stubEnv('MATCHDAY_WEBHOOK_URL', place.url)
  onTestFinished(() => void vi.unstubAllEnvs())
}

/** What the run left behind, and what the commands said. */
const secretIn = (folder: string, said: string): boolean =>
  ['journal.ndjson', 'report.html', 'report.md', 'verdict.json', 'junit.xml', 'notifications.json', 'control.json']
    .map((name) => {
      try {
        return readFileSync(join(folder, name), 'utf8')
      } catch {
        return ''
      }
    })
    .concat(said)
    .some((each) => each.includes('s3cret'))

describe('the notifications of a run', () => {
  it('arrive at a receiver that is slow, refuses, goes away and comes back, and the run does not wait for it', async () => {
    const folder = tempFolder()
    const place = await receiver((n) => (n < 2 ? { status: 200, afterMs: 700 } : { status: 503 }))
    const { said, ended } = run(folder, 20, place)
    await expect.poll(() => typesAt(place).length, { timeout: 20_000 }).toBeGreaterThan(0)
    await expect.poll(() => place.received.some(({ status }) => status === 503), { timeout: 20_000 }).toBe(true)
    await place.down()
    await new Promise((resolve) => setTimeout(resolve, 2000))
    place.answer(() => ({ status: 202 }))
    await place.up()
    await ended
    expect(once(place)).toEqual(ALL)
    expect(eventsAt(place).at(-1)?.data.verdict).toBe('pass')
    const told = await said
    const writtenMs = Number(/written after (\d+)/.exec(told)?.[1])
    expect(writtenMs).toBeGreaterThan(8000)
    // 168 s of the run, twenty times as fast; a busy machine may take longer, a receiver may not.
    expect(writtenMs).toBeLessThan(8600 + 4000)
    expect(secretIn(folder, told)).toBe(false)
  })

  it('delay the end of a run by some seconds at most, and the run reports what is outstanding', async () => {
    const folder = tempFolder()
    const place = await receiver(() => ({ status: 500 }))
    const { said, ended } = run(folder, 100, place)
    await ended
    const told = await said
    const [, written, end] = /written after (\d+) ms[\s\S]*ended after (\d+) ms/.exec(told) ?? []
    expect(Number(end) - Number(written)).toBeLessThan(25_000)
    expect(told).toContain('waiting up to 10 s for their receivers')
    expect(told).toMatch(/not delivered.* 5 of the notifications \(cloudevents: answered 500\)/)
    expect(secretIn(folder, told)).toBe(false)
  })

  it('continue from the cursor after a kill -9 of the run and of their sender', async () => {
    const reports = tempFolder()
    const folder = join(reports, 'stock-20261129-100000')
    mkdirSync(folder)
    const place = await receiver()
    const { child, ended } = run(folder, 20, place)
    await expect.poll(() => typesAt(place), { timeout: 20_000 }).toEqual(ALL.slice(0, 2))
    await place.down()
    await expect
      .poll(() => readFileSync(join(folder, 'journal.ndjson'), 'utf8'), { timeout: 20_000 })
      .toContain('"injected"')
    for (const pid of childrenOf(child.pid)) process.kill(pid, 'SIGKILL')
    child.kill('SIGKILL')
    await ended

    configured(place)
    // Nobody is there yet: it says so, and loses nothing.
    const { code, stderr } = await performed('notify', folder, '--for', '1s')
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining('not delivered') })
    expect(stderr).not.toContain('s3cret')

    await place.up()
    await deliverAfterHeal(reports, [])
    expect(typesAt(place)).toEqual([...ALL.slice(0, 3), 'dev.matchday.run.verdict'])
    expect(eventsAt(place).at(-1)?.data.verdict).toBe('inconclusive')
    // All has arrived: nothing is sent again.
    expect((await performed('notify', folder)).code).toBe(0)
    await deliverAfterHeal(reports, [])
    expect(typesAt(place).length).toBe(4)
  })

  it('are still sent by their own process after the run was killed', async () => {
    const folder = tempFolder()
    const place = await receiver((n) => (n === 0 ? { status: 204 } : { status: 503 }))
    // In real time, so that the fault has not begun when a slow machine has started the sender.
    const { child, ended } = run(folder, 1, place)
    await expect.poll(() => place.received.some(({ status }) => status === 503), { timeout: 20_000 }).toBe(true)
    const [sender] = childrenOf(child.pid)
    child.kill('SIGKILL')
    await ended
    place.answer(() => ({ status: 204 }))
    await expect.poll(() => typesAt(place), { timeout: 20_000 }).toEqual(ALL.slice(0, 2))
    // And then that process ends too.
    await expect.poll(() => isAlive(sender), { timeout: 20_000 }).toBe(false)
  })

  it('are not sent by a second sender during the run', async () => {
    const folder = tempFolder()
    const place = await receiver()
    run(folder, 1, place)
    await expect.poll(() => typesAt(place).length, { timeout: 20_000 }).toBeGreaterThan(0)
    configured(place)
    const { code, stderr } = await performed('notify', folder)
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining('under way') })
  })
})

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0)
  } catch {
    return false
  }
}
