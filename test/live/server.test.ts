import { describe, expect, it } from 'vitest'
import { type RunBench, runBench } from '../support/live-bench.ts'
import { ask, enter, listen, own, tokenIn } from '../support/live-client.ts'

const note = { by: 'Ana', is: 'note', text: 'seen in the room' }
const started = async (seconds = 30): Promise<RunBench> => {
  const bench = await runBench()
  bench.until(seconds)
  return bench
}

describe('the live server', () => {
  it('serves an empty page to everybody, and the run only with a token', async () => {
    const { urls } = await (await started()).watch()
    expect(await ask(urls.act, '/')).toMatchObject({ status: 200, text: expect.not.stringContaining('psp-a') })
    expect((await ask(urls.act, '/events')).status).toBe(401)
    expect((await ask(urls.act, '/session', own(urls.act), { token: 'A'.repeat(22) })).status).toBe(401)
    expect(
      (await ask(urls.act, '/events', { Cookie: `matchday-${new URL(urls.act).port}=${tokenIn(urls.act)}` })).status,
    ).toBe(401)
  })

  it.each([
    ['a name that was made to point here', { Host: 'evil.example' }, 403],
    ['another port on this machine', { Origin: 'http://127.0.0.1:1' }, 403],
    ['a foreign page', { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['a foreign page that hides its origin', { Origin: 'null' }, 403],
    ['a form, which needs no permission of the browser', { 'Content-Type': 'text/plain' }, 403],
    ['its own page', {}, 200],
  ])('allows the stop of the run only with the right token: %s', async (_, headers, status) => {
    const bench = await started()
    const { urls } = await bench.watch()
    const all = { ...own(urls.act), Cookie: await enter(urls.act), ...headers }
    const reply = await ask(urls.act, '/decision', all, { by: 'Ana', what: 'stop' })
    expect(reply.status).toBe(status)
    expect(bench.asked).toHaveLength(status === 200 ? 1 : 0)
  })

  it('lets the token of the shared screen only watch', async () => {
    const bench = await started()
    const { urls } = await bench.watch()
    const cookie = await enter(urls.watch)
    const watching = await listen(urls.watch, cookie)
    await expect.poll(() => watching.events.find(({ kind }) => kind === 'hello')?.data).toMatchObject({ writes: false })
    for (const [path, body] of [
      ['/note', note],
      ['/decision', { by: 'Ana', what: 'stop' }],
    ] as const)
      expect((await ask(urls.watch, path, { ...own(urls.watch), Cookie: cookie }, body)).status).toBe(401)
    expect(bench.asked).toEqual([])
    watching.leave()
  })

  it('shows an event within half a second of its record, and resumes after the last line that a page had', async () => {
    const bench = await started()
    const { urls } = await bench.watch()
    const cookie = await enter(urls.act)
    const first = await listen(urls.act, cookie)
    await expect.poll(() => first.lines().length).toBeGreaterThan(1)
    const had = first.lines().at(-1)?.seq ?? 0
    first.leave()

    bench.until(75)
    const second = await listen(urls.act, cookie, had)
    await expect.poll(() => second.lines().length).toBeGreaterThan(0)
    expect(second.lines().every(({ seq }) => seq > had)).toBe(true)

    const writtenAt = performance.now()
    bench.append({ kind: 'phase-started', at: bench.lastAt(), phase: 'encore', index: 9 })
    await expect.poll(() => second.lines().at(-1)?.subject, { interval: 5 }).toBe('encore')
    expect(performance.now() - writtenAt).toBeLessThan(500)
    second.leave()
  })

  it('writes a note with its author and the state of the screen into the journal, and nothing invalid', async () => {
    const bench = await started()
    const { urls } = await bench.watch()
    const all = { ...own(urls.act), Cookie: await enter(urls.act) }
    expect((await ask(urls.act, '/note', all, { ...note, seen: 7, via: 'terminal', at: 1, evil: true })).status).toBe(
      200,
    )
    expect(bench.asked).toEqual([
      { kind: 'note', by: 'Ana', via: 'page', is: 'note', text: 'seen in the room', seen: 7 },
    ])
    for (const wrong of [
      { ...note, text: ' ' },
      { ...note, by: '' },
      { ...note, text: 'x'.repeat(2001) },
      { ...note, is: 'secret' },
    ])
      expect((await ask(urls.act, '/note', all, wrong)).status).toBe(400)
    expect((await ask(urls.act, '/note', all, { ...note, text: 'x'.repeat(20_000) })).status).toBe(413)
    expect(bench.asked).toHaveLength(1)
  })

  it('accepts at most ten changes per second', async () => {
    const bench = await started()
    const { urls } = await bench.watch()
    const all = { ...own(urls.act), Cookie: await enter(urls.act) }
    const replies = await Promise.all(Array.from({ length: 30 }, () => ask(urls.act, '/note', all, note)))
    expect(replies.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(10)
  })

  it('reports that the controller is gone, and accepts nothing any more', async () => {
    const bench = await started()
    const watched = await bench.watch()
    expect(watched.state).toBe('running')
    bench.die()
    await expect.poll(() => watched.state).toBe('gone')
    const all = { ...own(watched.urls.act), Cookie: await enter(watched.urls.act) }
    expect(await ask(watched.urls.act, '/note', all, note)).toMatchObject({ status: 409 })
  })
})
