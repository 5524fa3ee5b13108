/**
 * Replays a recorded run in real time on the live page. Measures the server's CPU with five viewers minus its CPU with none, and the time from the
 * record of an event until a real browser shows it. Without Chromium, it measures until a viewer receives it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Evidence } from '../src/domain/evidence.ts'
import { type Instant, instant } from '../src/domain/units.ts'
import { type Journal, openJournal } from '../src/journal/journal.ts'
import { readJournal } from '../src/journal/read.ts'
import { openControl } from '../src/live/control.ts'
import { chromium, openBrowser } from '../test/support/browser.ts'
import { commandFlags } from '../test/support/command-flags.ts'
import type { LiveTick } from './peers/live-server.ts'
import { joinAsViewer } from './peers/viewer.ts'

const VIEWERS = 5
const GOAL_SHARE = 0.02
const GOAL_MS = 500
/** Long enough for charts that are drawn only every few seconds. */
const MEASURED_MS = 40_000
/** In the middle of the run, where there is most to draw. */
const BEGINS_AT_SECONDS = 90
const EVENTS = 25

export async function bench(): Promise<{ name: string; goal: string; figure: string; met: boolean }[]> {
  const folder = mkdtempSync(join(tmpdir(), 'matchday-bench-'))
  const control = await openControl(folder)
  const journal = await openJournal(join(folder, 'journal.ndjson'))
  const played = await playBack(journal)
  const server = await startServer(folder)
  try {
    const alone = await costOver(server, MEASURED_MS)
    const viewers = await Promise.all(Array.from({ length: VIEWERS - 1 }, () => joinAsViewer(server.urls.act)))
    const screen = await watchScreen(server.urls.act)
    const watched = await costOver(server, MEASURED_MS)
    const delays = await delaysOf(journal, played, screen)
    for (const each of viewers) each.leave()
    await screen.close()
    return figures(alone, watched, delays, screen.what)
  } finally {
    played.stop()
    server.child.kill()
    await once(server.child, 'exit')
    await journal.close()
    control.close()
    rmSync(folder, { recursive: true })
  }
}

type Played = { at(): Instant; stop(): void }

/** The recorded run: at once until its middle, and from there as it happened. */
async function playBack(journal: Journal): Promise<Played> {
  const records: Evidence[] = []
  const path = join(import.meta.dirname, '..', 'reports', 'example', 'journal.ndjson')
  for await (const { record } of readJournal(path)) records.push(record)
  const zero = records.find((each) => each.kind === 'load-started')?.at ?? 0
  let at = instant(zero)
  let next = 0
  const until = (time: number): void => {
    for (; next < records.length; next++) {
      const record = records[next]
      if (record === undefined || record.at > time) return
      at = record.at
      journal.append(record)
    }
  }
  const from = zero + BEGINS_AT_SECONDS * 1000
  until(from)
  const beganAt = performance.now()
  const timer = setInterval(() => until(from + performance.now() - beganAt), 50)
  return { at: () => at, stop: () => clearInterval(timer) }
}

type Server = {
  readonly child: ChildProcess
  readonly urls: { readonly act: string; readonly watch: string }
  ticks(): readonly LiveTick[]
}

async function startServer(folder: string): Promise<Server> {
  const main = join(import.meta.dirname, 'peers', 'live-server.ts')
  const child = spawn(process.execPath, [...commandFlags, main, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ticks: LiveTick[] = []
  const urls = await new Promise<Server['urls']>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the live server ended with ${code}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as Server['urls'] | LiveTick
      if ('act' in said) resolve(said)
      else ticks.push(said)
    })
  })
  return { child, urls, ticks: () => ticks }
}

/** Share of a core. */
async function costOver({ ticks }: Server, ms: number): Promise<number> {
  // The one-time cost of a new viewer does not count.
  await sleep(3000)
  const before = ticks().at(-1)
  await sleep(ms)
  const after = ticks().at(-1)
  if (before === undefined || after === undefined) throw new Error('the live server said nothing')
  return (after.cpuMs - before.cpuMs) / (after.atMs - before.atMs)
}

type Screen = {
  readonly what: string
  /** When a line with this text was seen first, in ms since 1970. */
  seenAt(text: string): Promise<number>
  close(): Promise<void>
}

async function watchScreen(url: string): Promise<Screen> {
  if (chromium === undefined) return watchStream(url)
  const browser = await openBrowser()
  const page = await browser.page()
  await page.open(url)
  await page.until("document.querySelectorAll('svg.chart').length > 3")
  await page.run(
    "window.seenAt = {}; new MutationObserver((all) => { for (const { addedNodes } of all) for (const each of addedNodes) requestAnimationFrame(() => { window.seenAt[each.textContent] ??= Date.now() }) }).observe(document.getElementById('events'), { childList: true })",
  )
  return {
    what: 'on the screen',
    async seenAt(text) {
      const found = `Object.entries(window.seenAt).find(([line]) => line.includes('${text}'))?.[1]`
      await page.until(found)
      return page.run<number>(found)
    },
    close: () => browser.close(),
  }
}

async function watchStream(url: string): Promise<Screen> {
  const viewer = await joinAsViewer(url)
  return {
    what: 'at a viewer (no Chromium here)',
    async seenAt(text) {
      while (!viewer.heard().includes(text)) await sleep(5)
      return Date.now()
    },
    close: async () => viewer.leave(),
  }
}

async function delaysOf(journal: Journal, played: Played, screen: Screen): Promise<readonly number[]> {
  const delays: number[] = []
  for (let index = 0; index < EVENTS; index++) {
    const phase = `encore-${index}-`
    const writtenAt = Date.now()
    journal.append({ kind: 'phase-started', at: played.at(), phase, index: 9 })
    delays.push((await screen.seenAt(phase)) - writtenAt)
    // At another moment of the second in which charts are drawn.
    await sleep(137)
  }
  return delays.sort((a, b) => a - b)
}

function figures(alone: number, watched: number, delays: readonly number[], what: string) {
  const more = Math.max(0, watched - alone)
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
  const [middle, last] = [
    delays[Math.floor(delays.length / 2)] ?? Number.NaN,
    delays.at(-1) ?? Number.POSITIVE_INFINITY,
  ]
  return [
    {
      name: `${VIEWERS} viewers of the live page, over none: processor of its server`,
      goal: `<= ${percent(GOAL_SHARE)} of a core`,
      figure: `${percent(more)} (${percent(alone)} with none, ${percent(watched)} with ${VIEWERS})`,
      met: more <= GOAL_SHARE,
    },
    {
      name: 'from the record of an event until it is seen',
      goal: `<= ${GOAL_MS} ms`,
      figure: `${last} ms at most, ${middle} ms in the middle, of ${delays.length}, ${what}`,
      met: last <= GOAL_MS,
    },
  ]
}
