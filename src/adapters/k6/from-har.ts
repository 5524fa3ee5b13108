/** A readable k6 script from a HAR: one function for each journey, which is a page of the recording. Static files, other hosts and credentials are left out. */
import type { Har, HarEntry } from '../../protocols/har/har.ts'

export type FromHar = {
  readonly script: string
  readonly journeys: readonly string[]
  readonly requests: number
  readonly skipped: { readonly staticFiles: number; readonly otherHosts: number }
}

/** Undefined if nothing is left to request. */
export function scriptFromHar(har: Har, source: string): FromHar | undefined {
  const asked = har.entries.filter(isRequest)
  const origin = usualOrigin(asked.filter((entry) => !isStatic(entry)))
  if (origin === undefined) return undefined
  const own = asked.filter((entry) => originOf(entry) === origin)
  const kept = own.filter((entry) => !isStatic(entry))
  const journeys = journeysOf(har, kept)
  const skipped = { staticFiles: own.length - kept.length, otherHosts: asked.length - own.length }
  const script = [
    header(source, origin, skipped),
    options(journeys.map(({ name }) => name)),
    ...journeys.map(functionText),
  ].join('\n')
  return { script, journeys: journeys.map(({ name }) => name), requests: kept.length, skipped }
}

const isRequest = ({ request }: HarEntry): boolean => /^https?:\/\//.test(request.url) && request.method !== 'OPTIONS'

const STATIC_TYPES = new Set(['image', 'font', 'stylesheet', 'script', 'media', 'manifest', 'ping'])
const STATIC_MIME = /^(image|font|audio|video)\/|^text\/(css|javascript)|^application\/(javascript|x-javascript|font)/

const isStatic = ({ _resourceType: type, response }: HarEntry): boolean =>
  type === undefined ? STATIC_MIME.test(response.content.mimeType) : STATIC_TYPES.has(type)

const originOf = ({ request }: HarEntry): string => new URL(request.url).origin

function usualOrigin(entries: readonly HarEntry[]): string | undefined {
  const counts = [...Map.groupBy(entries, originOf)].sort(([, a], [, b]) => b.length - a.length)
  return counts[0]?.[0]
}

type Journey = { readonly name: string; readonly title: string; readonly entries: readonly HarEntry[] }

function journeysOf({ pages }: Har, entries: readonly HarEntry[]): readonly Journey[] {
  const taken = new Set<string>()
  return [...Map.groupBy(entries, ({ pageref }) => pageref ?? '')].map(([ref, all]) => {
    const title = pages.find(({ id }) => id === ref)?.title ?? ''
    const sorted = [...all].sort((a, b) => startOf(a) - startOf(b))
    return { name: unique(functionName(title, sorted[0]), taken), title, entries: sorted }
  })
}

const startOf = ({ startedDateTime }: HarEntry): number => Date.parse(startedDateTime)

/** From the page's title; from a path if the title is a URL or empty. Numbers are ids. */
function functionName(title: string, first: HarEntry | undefined): string {
  const url = /^https?:/.test(title) ? title : title === '' ? (first?.request.url ?? '') : undefined
  const source = url === undefined ? title : pathOf(url)
  const words = (source.match(/[A-Za-z0-9]+/g) ?? []).filter((word) => !/^\d+$/.test(word)).slice(0, 4)
  const name = words.map((word, index) => (index === 0 ? word.toLowerCase() : capitalised(word))).join('')
  if (name === '') return 'start'
  return /^\d/.test(name) || RESERVED.has(name) ? `visit${capitalised(name)}` : name
}

const capitalised = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)
const pathOf = (url: string): string => (URL.canParse(url) ? new URL(url).pathname : '')

/** Words that cannot name a function, and exports that k6 gives a meaning. */
const RESERVED = new Set(
  'default delete new return export import function class const let var if else for while do switch case void typeof in try catch throw this super null true false enum await async static options setup teardown handleSummary http check sleep request'.split(
    ' ',
  ),
)

function unique(name: string, taken: Set<string>): string {
  let free = name
  for (let nth = 2; taken.has(free); nth++) free = `${name}${nth}`
  taken.add(free)
  return free
}

const text = (value: string): string => JSON.stringify(value)
/** A comment has one line, whatever the recording says. */
const inComment = (value: string): string => value.replace(/[^\x20-\x7e]+/g, ' ').trim()

const header = (
  source: string,
  origin: string,
  skipped: FromHar['skipped'],
): string => `// Made from ${inComment(source)} by matchday scenario from. One function for each page of the recording.
// Left out: ${skipped.staticFiles} static files, ${skipped.otherHosts} requests to other hosts, cookies and credentials.
// Recorded data (names, ids, tokens in bodies) is in here as it was: look through it before you commit the file.
import http from 'k6/http'
import { check, sleep } from 'k6'

const BASE_URL = __ENV.BASE_URL || ${text(origin)}
`

const options = (names: readonly string[]): string => `export const options = {
  scenarios: {
${names.map((name) => `    ${name}: { executor: 'constant-arrival-rate', exec: '${name}', rate: 1, timeUnit: '1s', duration: '1m', preAllocatedVUs: 10, maxVUs: 100 },`).join('\n')}
  },
}
`

/** Shorter pauses are the browser's, not the user's. */
const PAUSE_LEAST_S = 0.5

function functionText({ name, title, entries }: Journey): string {
  const steps = entries.flatMap((entry, index) => {
    const before = entries[index - 1]
    const pause = before === undefined ? 0 : (startOf(entry) - startOf(before) - (before.time ?? 0)) / 1000
    return [...(pause >= PAUSE_LEAST_S ? [`  sleep(${pause.toFixed(1)})`] : []), requestText(entry, index)]
  })
  const comment = title === '' ? '' : `/** ${inComment(title).replaceAll('*/', '* /')} */\n`
  return `${comment}export function ${name}() {\n${steps.join('\n')}\n}\n`
}

function requestText({ request, response }: HarEntry, index: number): string {
  const { pathname, search } = new URL(request.url)
  const name = `${request.method} ${namedPath(pathname)}`
  const params = paramsText(request, name)
  const body = bodyText(request)
  const url = `BASE_URL + ${text(pathname + search)}`
  const answer = `answer${index + 1}`
  const expected = response.status >= 100 ? response.status : 200
  return `  const ${answer} = http.request(${text(request.method)}, ${url}, ${body}, ${params})
  check(${answer}, { ${text(`${name} is ${expected}`)}: (r) => r.status === ${expected} })`
}

/** Ids in paths would make a series of each URL. */
const namedPath = (path: string): string =>
  path.replace(/\/(\d+|[0-9a-f]{8}-[0-9a-f-]{27,}|[0-9a-f]{16,})(?=\/|$)/gi, '/:id')

/** Headers that belong to the request; browsers and k6 make all others themselves. */
const KEPT = new Set(['accept', 'content-type', 'x-requested-with', 'idempotency-key'])

function paramsText({ headers }: HarEntry['request'], name: string): string {
  const kept = headers
    .filter((header) => KEPT.has(header.name.toLowerCase()))
    .map((header) => `${text(header.name)}: ${text(header.value)}`)
  const secret = headers.some((header) => header.name.toLowerCase() === 'authorization')
  const all = [...kept, ...(secret ? ['Authorization: __ENV.AUTHORIZATION'] : [])]
  const inside = all.length === 0 ? '' : `headers: { ${all.join(', ')} }, `
  // k6 follows redirects by itself; the recording has each of them.
  return `{ ${inside}tags: { name: ${text(name)} }, redirects: 0 }`
}

function bodyText({ postData }: HarEntry['request']): string {
  if (postData?.text === undefined || postData.text === '') return 'null'
  if (!/json/.test(postData.mimeType)) return text(postData.text)
  try {
    return `JSON.stringify(${JSON.stringify(JSON.parse(postData.text))})`
  } catch {
    return text(postData.text)
  }
}
