import { describe, expect, it } from 'vitest'
import { scriptFromHar } from '../../../src/adapters/k6/from-har.ts'
import { readHar } from '../../../src/protocols/har/har.ts'

type Given = { readonly [field: string]: unknown }

const entry = (pageref: string, second: number, method: string, url: string, more: Given = {}): Given => ({
  pageref,
  startedDateTime: new Date(Date.UTC(2026, 0, 1, 10, 0, second)).toISOString(),
  time: 40,
  request: { method, url, headers: [], ...(more.request as Given | undefined) },
  response: { status: 200, content: { mimeType: 'application/json' }, ...(more.response as Given | undefined) },
})

const SHOP = 'https://shop.example.test'

const harOf = (entries: readonly Given[]): string =>
  JSON.stringify({
    log: {
      pages: [
        { id: 'p1', title: 'Shop home' },
        { id: 'p2', title: `${SHOP}/cart/12345` },
        { id: 'p3', title: '*/ export default 1 //\n' },
      ],
      entries,
    },
  })

function made(entries: readonly Given[]) {
  const read = readHar(harOf(entries))
  if (!read.ok) throw new Error(read.problem)
  return scriptFromHar(read.har, 'visit.har')
}

describe('a script from a recording', () => {
  it('has a function for each page, pauses between requests, and names without ids', () => {
    const script = made([
      entry('p1', 0, 'GET', `${SHOP}/`),
      entry('p2', 5, 'POST', `${SHOP}/cart/987654`, {
        request: { postData: { mimeType: 'application/json', text: '{"item": 7}' } },
      }),
      entry('p2', 8, 'GET', `${SHOP}/cart`),
    ])
    expect(script).toMatchObject({ journeys: ['shopHome', 'cart'], requests: 3 })
    expect(script?.script).toContain('export function shopHome()')
    expect(script?.script).toContain('JSON.stringify({"item":7})')
    expect(script?.script).toContain('tags: { name: "POST /cart/:id" }')
    expect(script?.script).toContain('sleep(3.0)')
    expect(script?.script).toContain(`__ENV.BASE_URL || "${SHOP}"`)
  })

  it('leaves out static files, other hosts, cookies and credentials', () => {
    const secret = {
      request: {
        headers: [
          { name: 'Cookie', value: 's3cret' },
          { name: 'Authorization', value: 's3cret' },
        ],
      },
    }
    const script = made([
      entry('p1', 0, 'GET', `${SHOP}/`, secret),
      entry('p1', 1, 'GET', `${SHOP}/logo.png`, { response: { content: { mimeType: 'image/png' } } }),
      entry('p1', 1, 'GET', 'https://tracker.example.test/x'),
    ])
    expect(script).toMatchObject({ requests: 1, skipped: { staticFiles: 1, otherHosts: 1 } })
    expect(script?.script).not.toMatch(/s3cret|tracker|logo/)
    expect(script?.script).toContain('Authorization: __ENV.AUTHORIZATION')
  })

  it('keeps the recorded values as text, so that a title or a body cannot become code', () => {
    const script = made([
      entry('p3', 0, 'POST', `${SHOP}/a"b'\${x}`, { request: { postData: { text: '"; throw 1 //' } } }),
    ])
    const [, body = ''] = script?.script.split('export function ') ?? []
    expect(script?.journeys).toEqual(['exportDefault'])
    expect(script?.script).toContain('/** * / export default 1 // */')
    expect(body).toContain(JSON.stringify('"; throw 1 //'))
  })

  it('is not made if there are only static files, and is refused if the file is not a HAR', () => {
    expect(
      made([entry('p1', 0, 'GET', `${SHOP}/x.css`, { response: { content: { mimeType: 'text/css' } } })]),
    ).toBeUndefined()
    expect(readHar('<html>')).toMatchObject({ ok: false, problem: expect.stringContaining('not JSON') })
    expect(readHar('{"log": {}}')).toMatchObject({ ok: false, problem: expect.stringContaining('log.entries') })
  })
})
