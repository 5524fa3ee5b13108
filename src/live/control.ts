/**
 * The door to a running controller: a Unix socket that only its user may open. Whoever is connected also learns at once when the controller is gone. A
 * request is a line of JSON, its answer another. The socket lies in the folder for temporary files, because the path of a socket holds only about a
 * hundred bytes; the run's folder says where (`control.json`).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseRequest, type Request } from './requests.ts'

const CONTROL_FILE = 'control.json'
/** Longer lines are not read: a note has at most 2,000 characters. */
const LINE_BYTES_MAX = 32_768

export type ControlReply = { readonly ok: true } | { readonly ok: false; readonly problem: string }

/** The controller's end. */
export type Control = {
  /** Requests before this are refused: the run has not begun. */
  attend(hear: (request: Request) => void): void
  close(): void
}

export async function openControl(folder: string): Promise<Control> {
  const place = mkdtempSync(join(tmpdir(), 'matchday-'))
  const socket = join(place, 'control.sock')
  const sockets = new Set<Socket>()
  let hear: ((request: Request) => void) | undefined

  const answer = (line: string): ControlReply => {
    const asked = parseRequest(jsonOf(line))
    if (!asked.ok) return asked
    if (hear === undefined) return { ok: false, problem: 'the run has not begun; try again in a moment' }
    hear(asked.request)
    return { ok: true }
  }
  const server = createServer((peer) => {
    sockets.add(peer)
    peer.on('close', () => sockets.delete(peer))
    peer.on('error', () => peer.destroy())
    eachLine(peer, (line) => peer.write(`${JSON.stringify(answer(line))}\n`))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socket, resolve)
  })
  writeFileSync(join(folder, CONTROL_FILE), `${JSON.stringify({ pid: process.pid, socket })}\n`, { mode: 0o600 })
  return {
    attend(then) {
      hear = then
    },
    close() {
      for (const peer of sockets) peer.end()
      server.close()
      rmSync(join(folder, CONTROL_FILE), { force: true })
      rmSync(place, { recursive: true, force: true })
    },
  }
}

/** The other end. */
export type Joined = {
  ask(request: Request): Promise<ControlReply>
  /** Resolves when the controller is gone, however it went. */
  readonly gone: Promise<void>
  leave(): void
}

/** Undefined when nobody runs this run any more. */
export async function joinControl(folder: string): Promise<Joined | undefined> {
  const path = socketOf(folder)
  if (path === undefined) return undefined
  const peer = connect(path)
  const connected = await new Promise<boolean>((resolve) => {
    peer.once('connect', () => resolve(true))
    peer.once('error', () => resolve(false))
  })
  if (!connected) return undefined
  const waiting: ((answer: ControlReply) => void)[] = []
  const end = () => {
    for (const each of waiting.splice(0)) each({ ok: false, problem: 'the controller of this run is gone' })
  }
  peer.on('error', () => peer.destroy())
  const gone = new Promise<void>((resolve) => peer.once('close', () => resolve()))
  void gone.then(end)
  eachLine(peer, (line) => waiting.shift()?.(jsonOf(line) as ControlReply))
  return {
    ask: (request) =>
      new Promise((resolve) => {
        if (peer.destroyed || peer.writableEnded) return resolve({ ok: false, problem: 'the controller is gone' })
        waiting.push(resolve)
        peer.write(`${JSON.stringify(request)}\n`)
      }),
    gone,
    leave: () => peer.end(),
  }
}

function socketOf(folder: string): string | undefined {
  try {
    const said = jsonOf(readFileSync(join(folder, CONTROL_FILE), 'utf8'))
    return typeof said === 'object' && said !== null && 'socket' in said && typeof said.socket === 'string'
      ? said.socket
      : undefined
  } catch {
    return undefined
  }
}

function eachLine(peer: Socket, then: (line: string) => void): void {
  let held = 0
  peer.on('data', (chunk) => {
    held = chunk.includes(10) ? 0 : held + chunk.length
    if (held > LINE_BYTES_MAX) peer.destroy()
  })
  createInterface({ input: peer }).on('line', then)
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
