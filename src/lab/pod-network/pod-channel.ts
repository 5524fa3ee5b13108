// The agent's end of the control channel. Every process and worker of every pod connects here, receives changes, and acknowledges when it
// applies them. A pod's rules are in force when all its processes have acknowledged them.
import { chmodSync, rmSync } from 'node:fs'
import net from 'node:net'
import type { AgentMessage, ClusterVersion, PodRules, ProcessMessage } from './messages.ts'

/** `failed`: no answer, so far. `refused`: a process says why it cannot apply the rules. */
export type DeliveryOutcome = 'acknowledged' | { failed: string } | { refused: string }

export type PodChannel = {
  listen(path: string): Promise<void>
  broadcast(message: AgentMessage): void
  /** Resolves when every process of the pod applies the rules. A process that connects later gets these rules or newer ones. */
  deliver(uid: string, rules: PodRules): Promise<DeliveryOutcome>
  processes(): readonly { uid: string; pid: number }[]
  stop(): Promise<void>
}

export type Greeting = {
  rulesOf(uid: string): PodRules | undefined
  /** The whole table, unless the process has this version already. */
  tableFor(version: ClusterVersion): AgentMessage | undefined
}

type Process = { socket: net.Socket; uid: string; pid: number; acknowledged: number; problem?: string | undefined }

// Ten pods acknowledged rules within 8 ms. Seconds mean a process that is stopped or in a busy loop.
const ACKNOWLEDGE_MS = 5_000
const HELLO_BYTES_MAX = 4_096
// A process that does not read is disconnected instead of buffered for. It gets the whole state when it reconnects.
const UNREAD_BYTES_MAX = 4 * 1024 * 1024

export function createPodChannel(greeting: Greeting, log: (line: string) => void): PodChannel {
  const processes = new Set<Process>()
  const waiting = new Set<() => void>()
  const progressed = () => {
    for (const check of waiting) check()
  }

  function tell({ socket }: Process, message: AgentMessage): void {
    socket.write(`${JSON.stringify(message)}\n`)
    if (socket.writableLength > UNREAD_BYTES_MAX) socket.destroy()
  }

  function hear(socket: net.Socket, known: Process | undefined, message: ProcessMessage): Process | undefined {
    if (message.kind === 'ack') {
      if (known) Object.assign(known, { acknowledged: message.version, problem: message.problem })
      progressed()
      return known
    }
    return known ?? greet(socket, message)
  }

  function greet(socket: net.Socket, hello: Extract<ProcessMessage, { kind: 'hello' }>): Process | undefined {
    const rules = greeting.rulesOf(hello.uid)
    // Not a pod of this lab, or a pod that is being removed: there is nothing to send.
    if (!rules) return undefined
    const process: Process = { socket, uid: hello.uid, pid: hello.pid, acknowledged: -1 }
    processes.add(process)
    const cluster = greeting.tableFor(hello.clusterVersion)
    if (cluster) tell(process, cluster)
    tell(process, { kind: 'rules', ...rules })
    return process
  }

  const server = net.createServer((socket) => {
    let known: Process | undefined
    readLines(socket, (line) => {
      const message = parseMessage(line)
      if (!message) return socket.destroy()
      known = hear(socket, known, message)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      if (known) processes.delete(known)
      progressed()
    })
  })
  server.on('error', (error) => log(`pod channel: ${error.message}`))

  async function listen(path: string): Promise<void> {
    rmSync(path, { force: true })
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
    // Pods run as other users.
    chmodSync(path, 0o666)
  }

  function deliver(uid: string, rules: PodRules): Promise<DeliveryOutcome> {
    const mine = () => [...processes].filter((process) => process.uid === uid)
    for (const process of mine()) if (process.acknowledged < rules.version) tell(process, { kind: 'rules', ...rules })
    const laggards = () => mine().filter((process) => process.acknowledged < rules.version)
    return new Promise((resolve) => {
      const settle = (delivery: DeliveryOutcome) => {
        clearTimeout(timer)
        waiting.delete(check)
        resolve(delivery)
      }
      const check = () => {
        if (laggards().length > 0) return
        const problem = mine().find((process) => process.problem !== undefined)?.problem
        settle(problem === undefined ? 'acknowledged' : { refused: problem })
      }
      const timer = setTimeout(() => {
        const pids = laggards().map((process) => process.pid)
        settle({ failed: `process ${pids.join(', ')} did not acknowledge within ${ACKNOWLEDGE_MS} ms` })
      }, ACKNOWLEDGE_MS)
      waiting.add(check)
      check()
    })
  }

  return {
    listen,
    broadcast(message) {
      for (const process of processes) tell(process, message)
    },
    deliver,
    processes: () => [...processes],
    stop: () =>
      new Promise((resolve) => {
        for (const process of processes) process.socket.destroy()
        server.close(() => resolve())
      }),
  }
}

function readLines(socket: net.Socket, take: (line: string) => void): void {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > HELLO_BYTES_MAX) socket.destroy()
    for (const line of lines) if (!socket.destroyed) take(line)
  })
}

function parseMessage(line: string): ProcessMessage | undefined {
  let said: unknown
  try {
    said = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof said !== 'object' || said === null) return undefined
  const { kind, version, problem, uid, pid, clusterVersion, rulesVersion } = said as Record<string, unknown>
  if (kind === 'ack' && typeof version === 'number') {
    return { kind, version, ...(typeof problem === 'string' ? { problem } : {}) }
  }
  if (kind !== 'hello' || typeof uid !== 'string' || typeof pid !== 'number') return undefined
  if (typeof clusterVersion !== 'string' || typeof rulesVersion !== 'number') return undefined
  return { kind, uid, pid, clusterVersion, rulesVersion }
}
