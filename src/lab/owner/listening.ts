import { connect, createServer } from 'node:net'
import { LabError } from '../machine/lab-error.ts'
import { isErrno } from '../machine/processes.ts'

/** The port on which ingress-nginx serves its metrics, and the lab's ingress too. */
export const INGRESS_METRICS_PORT = 10_254

/** @throws LabError when another program listens on the address that the lab's ingress needs */
export async function requireFree(host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const server = createServer()
  server.once('error', (error) => reject(isErrno(error, 'EADDRINUSE') ? taken(host, port) : error))
  server.listen(port, host, () => server.close(() => resolve()))
  await promise
}

const taken = (host: string, port: number): LabError =>
  new LabError({
    code: 'ingress-address-taken',
    problem: `another program listens on ${host}:${port} (or on that port of every address), which the lab's ingress needs.`,
    next: `stop it (ss -ltnp 'sport = :${port}' names it), or give the ingress another port.`,
  })

/** Whether connections are accepted there. */
export function isListening(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host, port }, () => resolve(true))
  socket.on('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}

/** A free port of 127.0.0.1. Another program may take it before it is used; then the program that needs it fails with a message. */
export async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
  })
  return promise
}
