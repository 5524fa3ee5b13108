/** A viewer of the live page without a browser: exchanges its token, and reads all events as a page does. */
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'

export type Viewer = {
  /** Everything received so far. */
  heard(): string
  leave(): void
}

export async function joinAsViewer(address: string): Promise<Viewer> {
  const { origin, hash } = new URL(address)
  const session = await asked(
    `${origin}/session`,
    { Origin: origin, 'Content-Type': 'application/json' },
    { token: hash.slice(1) },
  )
  await text(session)
  const cookie = session.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  const events = await asked(`${origin}/events`, { Cookie: cookie })
  if (events.statusCode !== 200) throw new Error(`the live page answered ${events.statusCode}`)
  let heard = ''
  events.setEncoding('utf8').on('data', (chunk: string) => {
    // Only the newest part: charts are large.
    heard = (heard + chunk).slice(-200_000)
  })
  events.on('error', () => undefined)
  return { heard: () => heard, leave: () => events.destroy() }
}

function asked(url: string, headers: Record<string, string>, body?: object): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: body === undefined ? 'GET' : 'POST', headers }, resolve)
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
