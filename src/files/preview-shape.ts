/** Requests that matchday itself sends through the entry of the target, such as those of a preview. */
import type { AnswersAlike } from '../domain/shadow.ts'
import type { Cohorts, Preview, VisitRequest } from '../domain/visit.ts'
import { may, need, record } from './record.ts'
import { integer, list, mapped, nameOf, type Shape, someOf, table, text } from './shape.ts'

// A field name of HTTP (RFC 9110, 5.1). `host` is one of them: a preview may have a host name of its own.
const headerName = {
  form: 'the name of a header',
  example: 'x-preview',
  pattern: /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/,
}
const headerValue = text({
  form: 'the value of a header',
  example: 'next',
  pattern: /^[\x21-\x7e]([\x20-\x7e]{0,510}[\x21-\x7e])?$/,
})

const anyHeaders = table(headerName, headerValue)
/** At least one: without a header, the preview route would match all users' requests. */
const headers: typeof anyHeaders = {
  schema: { ...anyHeaders.schema, minProperties: 1 },
  decode: (node, report) => {
    const decoded = anyHeaders.decode(node, report)
    if (node.kind === 'map' && node.entries.length === 0)
      return void report(node.at, 'missing-key', `${nameOf(node)} is empty.`, 'write for example x-preview: next.')
    return decoded
  },
}

const visit: Shape<VisitRequest> = mapped(
  record({
    path: need(
      text({ form: 'a path that begins with /', example: '/healthz', pattern: /^\/[\x21-\x7e]{0,2000}$/ }),
      'Path and query, below the entry of the target.',
    ),
    body: may(text({ form: 'a text', example: '{"name": "nobody"}' }), 'JSON that is sent by POST; a GET if left out.'),
    status: may(integer({ min: 100, max: 599, what: 'an HTTP status' }), 'Status of a good answer; 200 if left out.'),
  }),
  ({ path, body, status }) => ({ path, status: status ?? 200, ...(body === undefined ? {} : { body }) }),
)

/** Enough visits to see whether the release works, and too few to matter as load. */
const TIMES = 10

export const preview: Shape<Preview> = mapped(
  record({
    headers: need(headers, 'Headers by which the route tells a preview from the requests of users.'),
    requests: need(someOf(visit), 'Requests that are sent to the new release. They must fall under `gate.where`.'),
    times: may(integer({ min: 1, max: 1000, what: 'a number of requests' }), 'How often each is sent; 10 if left out.'),
  }),
  ({ times, ...rest }) => ({ ...rest, times: times ?? TIMES }),
)

/** Ten pairs show a field that differs in one answer of four with 94 %. */
export const answersAlike: Shape<AnswersAlike> = mapped(
  record({
    headers: need(headers, 'Headers that lead a request to the new release alone.'),
    requests: need(
      someOf(visit),
      'Requests that both releases are asked. They must change nothing, and fall under `gate.where`.',
    ),
    ignore: may(
      list(text({ form: 'a field', example: 'items[].at', pattern: /^[^\s.[\]]+(\[\])*(\.[^\s.[\]]+(\[\])*)*$/ })),
      'Fields that differ between any two answers, such as ids and times: `token`, `items[].at`. What is below them is ignored too.',
    ),
    times: may(
      integer({ min: 1, max: 1000, what: 'a number of requests' }),
      'How often each is compared; 10 if left out.',
    ),
  }),
  ({ ignore, times, ...rest }) => ({ ...rest, ignore: ignore ?? [], times: times ?? TIMES }),
)

/** 300 visits find a share of 1 % in the wrong cohort with 95 % confidence: ten visitors for half a minute. */
const VISITORS = 10

export const cohorts: Shape<Cohorts> = mapped(
  record({
    headers: need(headers, 'Headers of the cohort that gets the new release; the other cohort has none of them.'),
    answeredBy: need(
      record({
        header: need(text(headerName), 'Response header that says which release answered.'),
        stable: need(headerValue, 'Its value in responses of the old release.'),
        canary: need(headerValue, 'Its value in responses of the new release.'),
      }),
      'How a response says which release gave it.',
    ),
    visitors: may(
      integer({ min: 1, max: 100, what: 'a number of visitors' }),
      'Visitors of each cohort, each once a second; 10 if left out.',
    ),
    requests: need(someOf(visit), 'Requests of the visitors. They must fall under `gate.where`.'),
  }),
  ({ visitors, ...rest }) => ({ ...rest, visitors: visitors ?? VISITORS }),
)
