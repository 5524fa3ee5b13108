import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { millis } from '../../src/domain/units.ts'
import { type Browser, chromium, type Look, openBrowser, type Page } from '../support/browser.ts'
import { evidence, place, rehearsal } from '../support/evidence.ts'
import { type RunBench, runBench } from '../support/live-bench.ts'

let browser: Browser

const charts = "document.querySelectorAll('svg.chart').length > 3"
const text = (id: string): string => `document.getElementById('${id}').textContent`

async function page(url: string, look?: Look): Promise<Page> {
  const opened = await browser.page(look)
  onTestFinished(() => opened.close())
  await opened.open(url)
  return opened
}

async function underWay(seconds = 40, records = evidence()): Promise<RunBench> {
  const bench = await runBench(records)
  bench.until(seconds)
  return bench
}

// Skipped where the machine has no Chromium; CHROMIUM names one.
describe.skipIf(chromium === undefined)('the live page in a browser', () => {
  beforeAll(async () => {
    browser = await openBrowser()
  }, 60_000)
  afterAll(() => browser?.close())

  it('grows with the run, keeps its position through a reload, and hides the token', async () => {
    const bench = await underWay()
    const { urls } = await bench.watch()
    const seen = await page(urls.act)
    await seen.until(charts)
    await seen.until(`${text('now')}.includes('0:40 of')`)
    expect(await seen.run('location.href')).toBe(`${new URL(urls.act).origin}/`)

    await seen.run("document.querySelector('svg.chart').focus()")
    bench.until(80)
    await seen.until(`${text('events')}.includes('injected at')`)
    await seen.until(`${text('harms')}.includes('injected')`)
    // A chart that is drawn again keeps the focus of whoever reads it by keyboard.
    expect(await seen.run("document.activeElement.classList.contains('chart')")).toBe(true)

    await seen.reload()
    await seen.until(charts)
    await seen.until(`${text('events')}.includes('injected at')`)
    const times = await seen.run<string[]>(
      "[...document.querySelectorAll('#events li')].map((each) => each.dataset.seq)",
    )
    expect(new Set(times).size).toBe(times.length)
    expect(seen.complaints).toEqual([])
  })

  it('stops the run by keyboard within two seconds, with author and what was on the screen', async () => {
    const bench = await underWay()
    const { urls } = await bench.watch()
    const seen = await page(urls.act)
    await seen.until(charts)
    await seen.until("!document.getElementById('stop').hidden")
    await seen.press('s')
    await seen.until("document.getElementById('stop-dialog').open")
    await seen.run("document.getElementById('stop-by').value = 'Ana'")
    await seen.run("document.getElementById('stop-now').focus()")
    const pressedAt = performance.now()
    await seen.press('Enter')
    await expect.poll(() => bench.asked, { interval: 10 }).toHaveLength(1)
    expect(performance.now() - pressedAt).toBeLessThan(2000)
    expect(bench.asked[0]).toMatchObject({ kind: 'decision', what: 'stop', by: 'Ana', via: 'page' })
    expect(bench.asked[0]?.seen).toBeGreaterThan(1)
    await seen.until(`${text('events')}.includes('Ana decides stop')`)
  })

  it('asks at an open gate, and accepts only the answer of its role', async () => {
    const bench = await underWay()
    const fault = 'psp-a down'
    bench.append({ kind: 'fault-step', at: bench.lastAt(), fault, step: { is: 'gate-opened', by: 'owner' } })
    const { urls } = await bench.watch()
    const seen = await page(urls.act)
    await seen.until(`${text('gates')}.includes('Go for A ${fault}?')`)
    const watcher = await page(urls.watch)
    await watcher.until(`${text('gates')}.includes('Go for A ${fault}?')`)
    expect(await watcher.run("getComputedStyle(document.querySelector('[data-what=go]')).display")).toBe('none')
    await seen.run("by.value = 'Ana', document.querySelector('[data-what=go]').click()")
    await seen.until(`${text('note-answer')}.includes('choose your role')`)
    expect(bench.asked).toEqual([])
    await seen.run("role.value = 'owner', document.querySelector('[data-what=go]').click()")
    await expect.poll(() => bench.asked).toMatchObject([{ what: 'go', about: fault, by: 'Ana', role: 'owner' }])
    bench.append({
      kind: 'fault-step',
      at: bench.lastAt(),
      fault,
      step: { is: 'gate-closed', answer: 'go', who: 'Ana' },
    })
    await seen.until(`${text('gates')} === ''`)
  })

  it('ticks a step of the runbook with one click, and shows every viewer who ticked it and when', async () => {
    const steps = ['open the breaker', 'tell <b>support</b>']
    const reactions = steps.map((step) => ({ kind: 'ticks' as const, step, withinMs: millis(60_000), at: place }))
    const expected = { ...rehearsal, expectations: [{ kind: 'human' as const, reactions, at: place }] }
    const bench = await underWay(40, evidence({ rehearsal: expected }))
    const { urls } = await bench.watch()
    const [writer, reader] = [await page(urls.act), await page(urls.watch)]
    await writer.until(`${text('runbook')}.includes('tell <b>support</b>')`)
    // Who only watches is shown the steps, and no button.
    await reader.until(`${text('runbook')}.includes('tell <b>support</b>')`)
    expect(await reader.run("getComputedStyle(document.querySelector('[data-step]')).display")).toBe('none')
    await writer.run("by.value = '', document.querySelector('[data-step]').click()")
    await writer.until(`${text('note-answer')}.includes('name first')`)
    expect(bench.asked).toEqual([])
    await writer.run("by.value = 'Ana', document.querySelector('[data-step]').click()")
    await expect
      .poll(() => bench.asked)
      .toMatchObject([{ kind: 'note', is: 'step', text: 'open the breaker', by: 'Ana' }])
    for (const seen of [writer, reader]) await seen.until(`${text('runbook')}.includes('✓ open the breaker (Ana, ')`)
    await writer.until("document.querySelectorAll('[data-step]').length === 1")
  })

  it('shows a note to every viewer, and escapes a hostile one', async () => {
    const bench = await underWay()
    const { urls } = await bench.watch()
    const [writer, reader] = [await page(urls.act), await page(urls.watch)]
    await writer.until("!document.getElementById('note').hidden")
    const hostile = '<img src=x onerror=window.hacked=1>'
    await writer.run(`by.value = ${JSON.stringify(hostile)}, text.value = 'deposits look slow <b>now</b>'`)
    await writer.run('note.requestSubmit()')
    await writer.until(`${text('note-answer')} === 'Written down.'`)
    for (const each of [writer, reader]) {
      await each.until(
        `${text('events')}.includes(${JSON.stringify(`${hostile} notes: deposits look slow <b>now</b>`)})`,
      )
      expect(await each.run("document.querySelectorAll('#events img, #events li b b').length")).toBe(0)
      expect(await each.run('window.hacked')).toBeUndefined()
    }
    expect(await reader.run("document.getElementById('stop').hidden && document.getElementById('note').hidden")).toBe(
      true,
    )
  })

  it('reports a lost connection and a dead controller', async () => {
    const bench = await underWay()
    const watched = await bench.watch()
    const seen = await page(watched.urls.act)
    await seen.until(charts)
    bench.die()
    await seen.until(`${text('now')}.includes('matchday heal')`)
    expect(await seen.run("document.getElementById('stop').hidden")).toBe(true)
    await watched.close()
    await seen.until(`${text('link')} !== ''`)
  })

  // A page at another port of 127.0.0.1 is of the same site for the browser: it sends the cookie, and only the origin differs.
  it.each(['localhost', '127.0.0.1'])(
    'refuses requests of a foreign page at %s, even with the cookie',
    async (host) => {
      const bench = await underWay()
      const { urls } = await bench.watch()
      const victim = await page(urls.act)
      await victim.until(charts)
      const { origin } = new URL(urls.act)
      const foreign = createServer((_, answer) =>
        answer.setHeader('Content-Type', 'text/html').end('<h1>free bets</h1>'),
      )
      foreign.listen(0, '127.0.0.1')
      await new Promise((resolve) => foreign.once('listening', resolve))
      onTestFinished(() => void foreign.close())
      await victim.open(`http://${host}:${(foreign.address() as AddressInfo).port}/`)
      await victim.until("document.querySelector('h1')?.textContent === 'free bets'")
      const attempts = `Promise.all([
      fetch('${origin}/decision', { method: 'POST', credentials: 'include', mode: 'no-cors', body: '{"by":"x","what":"stop"}' }),
      fetch('${origin}/decision', { method: 'POST', credentials: 'include', headers: { 'Content-Type': 'application/json' }, body: '{"by":"x","what":"stop"}' }),
      fetch('${origin}/events', { credentials: 'include' }).then((r) => r.text()),
      new Promise((_, no) => { const e = new EventSource('${origin}/events', { withCredentials: true }); e.onerror = no; e.onmessage = _ }),
    ].map((each) => each.then((r) => r.type === 'opaque' ? 'unread' : 'let in', () => 'refused')))`
      expect(await victim.run(attempts)).toEqual(['refused', 'refused', 'refused', 'refused'])
      expect(bench.asked).toEqual([])
    },
  )

  it('names every control, has one main heading, and fits a phone', async () => {
    const bench = await underWay(80)
    const { urls } = await bench.watch()
    const seen = await page(urls.act, { width: 390, dark: true, still: true })
    await seen.until(charts)
    const controls = (await seen.accessible()).filter(({ role }) =>
      ['button', 'textbox', 'combobox', 'image', 'log'].includes(role),
    )
    expect(controls.length).toBeGreaterThan(10)
    expect(controls.filter(({ name }) => name === '')).toEqual([])
    expect(await seen.run("document.querySelectorAll('h1').length")).toBe(1)
    // Nothing but charts and tables scrolls sideways, each within its own frame.
    expect(await seen.run('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    expect(await seen.run('getComputedStyle(document.body).backgroundColor')).toBe('rgb(20, 23, 27)')
    expect(await seen.run('document.getAnimations().length')).toBe(0)
  })
})
