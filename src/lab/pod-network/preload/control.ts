// The control channel: each process and worker has one connection to the agent, line-delimited JSON over a unix socket. It never keeps the
// process alive. It reconnects by itself; in between, pod.ts watches the pod's file.
import net from 'node:net'
import type { AgentMessage, ProcessMessage } from '../messages.ts'
import { servedDirectly } from '../served-directly.ts'
import { agentSocket, catchUp, httpRules, isShaped, self, setConnected, takeMessage, versions } from './pod.ts'

// Short enough that a restarted agent finds its pods again within its settling time (agent side: pod-channel.ts).
const RECONNECT_MS = 200

export function openControlChannel(): void {
  const socket = net.connect({ path: agentSocket })
  socket.unref()
  socket.setEncoding('utf8')
  const say = (message: ProcessMessage) => socket.write(`${JSON.stringify(message)}\n`)
  socket.on('connect', () => say({ kind: 'hello', uid: self.uid, pid: process.pid, ...versions() }))
  let rest = ''
  socket.on('data', (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) obey(JSON.parse(line) as AgentMessage, say)
  })
  // Whatever the reason was, it reconnects.
  socket.on('error', () => {})
  socket.on('close', () => {
    setConnected(false)
    setTimeout(reopen, RECONNECT_MS).unref()
  })
}

function reopen(): void {
  catchUp()
  openControlChannel()
}

function obey(message: AgentMessage, say: (message: ProcessMessage) => unknown): void {
  takeMessage(message)
  if (message.kind !== 'rules') return
  // The agent answers each hello with the pod's rules. After that it sends changes.
  setConnected(true)
  const problem = disobedience()
  say({ kind: 'ack', version: message.version, ...(problem ? { problem } : {}) })
}

// A relay forwards bytes of a native container and does not see requests in them. It does not see packets of ports that the container serves by itself.
function disobedience(): string | undefined {
  if (process.env.MATCHDAY_RELAY === undefined) return undefined
  const who = `a container of ${self.namespace}/${self.name}`
  if (httpRules().some((rule) => rule.from === undefined))
    return `${who} does not run Node: the lab cannot inject faults into its HTTP`
  const [port] = isShaped() ? servedDirectly() : []
  if (port === undefined) return undefined
  return `${who} serves port ${port} at the pod's own address: the lab can delay what it sends only if it listens at $MATCHDAY_NATIVE_ADDRESS`
}
