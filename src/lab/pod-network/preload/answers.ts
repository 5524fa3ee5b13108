// Where faults act on a response: when its head is written. To the application its response looks as if the network had accepted it. Only
// what goes to the socket is delayed, changed or dropped.
import http, { type ServerResponse } from 'node:http'
import type { HttpActs, HttpPairs } from '../http-effect.ts'
import { answerRules, courseOf, type HttpCourse } from '../http-fault.ts'
import type { HttpRule } from '../messages.ts'
import { holdBack } from './held-back.ts'
import type { RawWrite, ResponseInternals } from './internals.ts'
import { catchUp, httpRules } from './pod.ts'
import { endsOfRequest } from './requests.ts'

type Response = ServerResponse & ResponseInternals
type Head = { readonly code: number; readonly headers: HttpPairs }

export function playAnswers(): void {
  const { writeHead } = http.ServerResponse.prototype
  Reflect.set(http.ServerResponse.prototype, 'writeHead', function (this: Response, ...args: unknown[]): unknown {
    const asWritten = () => Reflect.apply(writeHead, this, args)
    if (this.headersSent) return asWritten()
    const head = headOf(args)
    const rules = rulesOn(this, head)
    if (rules.length === 0) return asWritten()
    const course = courseOf(rules)
    const edits = course.edits.filter((acts) => acts.replace !== undefined || acts.patch !== undefined)
    const written = edits.length === 0 ? asWritten() : writeEdited(this, head, edits, writeHead)
    run(this, course, rules)
    return written
  })
}

function rulesOn(response: Response, { code, headers }: Head): HttpRule[] {
  catchUp()
  if (httpRules().length === 0) return []
  const { req } = response
  const ends = endsOfRequest(req)
  if (!ends) return []
  const asked = { method: req.method ?? '', url: req.url ?? '', rawHeaders: req.rawHeaders }
  const valuesOf = (name: string) => valuesIn(response, headers, name)
  return answerRules(httpRules(), ends, asked, { code, valuesOf })
}

/** Headers passed to writeHead override those that were set before. */
function valuesIn(response: Response, headers: HttpPairs, name: string): readonly string[] {
  const given = headers.filter(([known]) => known.toLowerCase() === name.toLowerCase())
  const set = response.getHeader(name)
  if (given.length > 0) return given.map(([, value]) => value)
  return set === undefined ? [] : [set].flat().map(String)
}

/** writeHead(code, reason?, headers?), with the headers as a map, as pairs, or as alternating names and values. */
function headOf([code, ...rest]: readonly unknown[]): Head {
  const headers = typeof rest[0] === 'string' ? rest[1] : (rest[0] ?? rest[1])
  if (!Array.isArray(headers)) return { code: Number(code), headers: pairs(Object.entries(headers ?? {})) }
  const inTurn = headers.every((each) => !Array.isArray(each))
  if (!inTurn) return { code: Number(code), headers: pairs(headers) }
  return {
    code: Number(code),
    headers: pairs(headers.flatMap((name, at) => (at % 2 ? [] : [[name, headers[at + 1]]]))),
  }
}

const pairs = (entries: readonly (readonly unknown[])[]): HttpPairs =>
  entries.flatMap(([name, value]) => [value].flat().map((one) => [String(name), String(one)] as const))

function writeEdited(response: Response, head: Head, edits: readonly HttpActs[], writeHead: unknown): unknown {
  for (const [name] of head.headers) response.removeHeader(name)
  for (const [name, value] of head.headers) response.appendHeader(name, value)
  let { code } = head
  let body: Buffer | undefined
  for (const { replace, patch } of edits) {
    code = replace?.code ?? code
    if (replace?.bodyBase64 !== undefined) body = Buffer.from(replace.bodyBase64, 'base64')
    if (replace?.bodyBase64 !== undefined) response.removeHeader('transfer-encoding')
    if (body) response.setHeader('content-length', body.length)
    for (const [name, value] of Object.entries(replace?.headers ?? {})) response.setHeader(name, value)
    for (const [name, value] of patch?.headers ?? []) response.appendHeader(name, value)
  }
  const written = Reflect.apply(writeHead as typeof response.writeHead, response, [code])
  if (body && response._hasBody) sendInstead(response, body)
  return written
}

/** The first write of the application sends the replaced body. All its other writes are dropped. */
function sendInstead(response: Response, body: Buffer): void {
  const { _send: send } = response
  let sent = false
  response._send = (_data, encoding, done) => {
    const then = typeof encoding === 'function' ? encoding : done
    if (!sent) {
      sent = true
      return Reflect.apply(send, response, [body, 'buffer', then])
    }
    if (then) process.nextTick(then)
    return true
  }
}

type Write = Parameters<RawWrite>

function run(response: Response, { delayMs, abort }: HttpCourse, rules: readonly HttpRule[]): void {
  const cut = () => response.req.socket.destroy()
  if (delayMs === 0) return void (abort && cut())
  const { _writeRaw: write } = response
  const writes: Write[] = []
  response._writeRaw = (...args: Write) => {
    writes.push(args)
    // Reports a full buffer from the first byte, so that a streaming application waits instead of filling its memory.
    return false
  }
  const letGo = () => {
    response._writeRaw = write
    const isOpen = writes.map((args) => Reflect.apply(write, response, args)).at(-1)
    if (isOpen && !response.writableEnded) response.emit('drain')
  }
  holdBack(rules, delayMs, abort ? cut : letGo, letGo)
}
