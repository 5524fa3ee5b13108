/** A page without a browser: requests with exactly these headers, and server-sent events as they arrive. */
import { request as httpRequest } from 'node:http'
import { expect } from 'vitest'

type Reply = { readonly status: number; readonly text: string; readonly cookie: string | undefined }

/** A request with exactly these headers: `fetch` would not let a test say another host or origin. */
export function ask(url: string, path: string, headers: Record<string, string> = {}, body?: unknown): Promise<Reply> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { hostname, port, path, method: body === undefined ? 'GET' : 'POST', headers },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0]
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text, cookie }))
      },
    )
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

export const own = (url: string): Record<string, string> => ({
  Origin: new URL(url).origin,
  'Content-Type': 'application/json',
  'Sec-Fetch-Site': 'same-origin',
})
export const tokenIn = (url: string): string => url.split('#')[1] ?? ''

export async function enter(url: string): Promise<string> {
  const { cookie, status } = await ask(url, '/session', own(url), { token: tokenIn(url) })
  expect(status).toBe(200)
  return cookie ?? ''
}

/** Server-sent events as they arrive. */
export async function listen(url: string, cookie: string, lastEventId?: number) {
  const controller = new AbortController()
  const response = await fetch(new URL('/events', url), {
    headers: { Cookie: cookie, ...(lastEventId === undefined ? {} : { 'Last-Event-ID': String(lastEventId) }) },
    signal: controller.signal,
  })
  const events: { kind: string; id: number; data: unknown }[] = []
  void (async () => {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const bytes of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      const chunk = decoder.decode(bytes, { stream: true })
      const parts = (rest + chunk).split('\n\n')
      rest = parts.pop() ?? ''
      for (const part of parts) {
        const of = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1] ?? ''
        if (of('event') !== '') events.push({ kind: of('event'), id: Number(of('id')), data: JSON.parse(of('data')) })
      }
    }
  })().catch(() => undefined)
  const lines = (): { seq: number; subject: string; text: string }[] =>
    events.flatMap(({ kind, data }) => (kind === 'lines' ? (data as []) : []))
  type Panels = { title: string; html: Record<string, string> }
  const panels = (): Panels | undefined => events.findLast(({ kind }) => kind === 'panels')?.data as Panels | undefined
  return { status: response.status, events, lines, panels, leave: () => controller.abort() }
}
