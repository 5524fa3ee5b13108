/** UDP for `hostPort`. Each client gets its own socket to the pod, so that the pod's answers go back to the right client. */
import { createSocket, type Socket } from 'node:dgram'

/** As long as Linux remembers a UDP flow that was answered (nf_conntrack_udp_timeout_stream). */
const IDLE_MS = 120_000

type Flow = { readonly socket: Socket; readonly idle: NodeJS.Timeout }

/** The caller binds the returned socket. Closing it ends all flows. */
export function passDatagramsTo(pod: { readonly host: string; readonly port: number }): Socket {
  const server = createSocket('udp4')
  const flows = new Map<string, Flow>()
  const end = (key: string) => {
    const flow = flows.get(key)
    if (!flows.delete(key) || flow === undefined) return
    clearTimeout(flow.idle)
    flow.socket.close()
  }
  const begin = (key: string, answer: (message: Buffer) => void): Flow => {
    const socket = createSocket('udp4')
    socket.on('message', answer).on('error', () => end(key))
    const flow = { socket, idle: setTimeout(end, IDLE_MS, key).unref() }
    flows.set(key, flow)
    return flow
  }
  server.on('message', (message, { address, port }) => {
    const key = `${address}:${port}`
    const flow = flows.get(key) ?? begin(key, (answer) => server.send(answer, port, address))
    flow.idle.refresh()
    flow.socket.send(message, pod.port, pod.host)
  })
  server.on('close', () => [...flows.keys()].forEach(end))
  return server
}
