// `<root>/net/agent.sock`: the chaos daemon sets and removes rules here, and audits what is left. HTTP/JSON:
// PUT /rules/<source> {rules: FaultRule[]} → {pods: {[uid]: 'acknowledged' | 'gone' | {failed} | {refused}}}, DELETE likewise,
// GET /rules → {sources: {[source]: FaultRule[]}, pods: {[uid]: number of rules in force}}
import { chmodSync, rmSync } from 'node:fs'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import net from 'node:net'
import type { DeliveryOutcome } from './pod-channel.ts'
import { type FaultRule, parseRules } from './rules.ts'

export type PodAnswers = Record<string, DeliveryOutcome | 'gone'>

export type RuleControl = {
  putRules(source: string, rules: readonly FaultRule[]): Promise<PodAnswers>
  heldRules(): { sources: Record<string, readonly FaultRule[]>; pods: Record<string, number> }
}

const BODY_BYTES_MAX = 16 * 1024 * 1024
// The source is namespace/name of a Kubernetes object, two DNS names. A kind in front tells experiments with the same name apart.
const SOURCE = /^([a-z]{1,32}:)?[a-zA-Z0-9._-]{1,253}(\/[a-zA-Z0-9._-]{1,253})?$/

type Answer = { status: number; body: unknown }

export async function openControlServer(path: string, control: RuleControl): Promise<{ stop(): Promise<void> }> {
  rmSync(path, { force: true })
  const server = http.createServer((request, response) => {
    answer(request, control).then(
      (given) => send(response, given),
      (error: unknown) => send(response, { status: 500, body: { problems: [String(error)] } }),
    )
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  chmodSync(path, 0o600)
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Checked before anything is written, because two agents would assign the same addresses. @throws Error when another agent serves */
export async function claimControl(path: string): Promise<void> {
  if (await isServed(path)) throw new Error(`another pod network agent serves ${path}; only one may run in a lab`)
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path })
    socket.once('connect', () => socket.destroy() && resolve(true))
    socket.once('error', () => resolve(false))
  })
}

async function answer(request: IncomingMessage, control: RuleControl): Promise<Answer> {
  const path = decodePath(request.url ?? '')
  if (path === '/rules' && request.method === 'GET') return { status: 200, body: control.heldRules() }
  const source = path?.startsWith('/rules/') ? path.slice('/rules/'.length) : undefined
  if (source === undefined) return { status: 404, body: { problems: [`no such path: ${request.url}`] } }
  if (!SOURCE.test(source)) return bad('the source is not [<kind>:]<namespace>/<name>')
  if (request.method === 'DELETE') return { status: 200, body: { pods: await control.putRules(source, []) } }
  if (request.method !== 'PUT') return { status: 405, body: { problems: ['only GET, PUT and DELETE'] } }
  return put(request, source, control)
}

async function put(request: IncomingMessage, source: string, control: RuleControl): Promise<Answer> {
  const body = await readBody(request)
  if (body === undefined) return bad(`the body is not JSON of at most ${BODY_BYTES_MAX} bytes`)
  const parsed = parseRules(body)
  if (!parsed.ok) return { status: 400, body: { problems: parsed.problems } }
  return { status: 200, body: { pods: await control.putRules(source, parsed.rules) } }
}

function bad(problem: string): Answer {
  return { status: 400, body: { problems: [problem] } }
}

function decodePath(url: string): string | undefined {
  try {
    return decodeURIComponent(url.split('?')[0] ?? '')
  } catch {
    return undefined
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request) {
    sizeBytes += chunk.length
    if (sizeBytes <= BODY_BYTES_MAX) chunks.push(chunk)
  }
  if (sizeBytes > BODY_BYTES_MAX) return undefined
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return undefined
  }
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
