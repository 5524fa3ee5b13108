// A lab with a network of its own is reached from the machine through sockets that were made before its owner entered that network. The
// ingress gets its socket, so that requests need no relay. Connections to the API server and to the ingress's metrics are passed on here.
import { closeSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { INGRESS_METRICS_PORT } from './listening.ts'

/** Descriptors of the sockets, and the port of the API server, which is the same inside. */
export type Doors = {
  readonly claim: number
  readonly ingress: number
  readonly metrics: number
  readonly api: number
  readonly apiPort: number
}

/** Closes every socket on the machine's network that the claim does not hold. */
export type Passages = { close(): void }

/** Set by labnet: the ports of the sockets, whose descriptors start at 3. */
const PORTS_VARIABLE = 'MATCHDAY_LAB_PORTS'
const FIRST_DESCRIPTOR = 3

/** Where the machine reaches a lab, in the order of {@link Doors}. */
export const doorAddresses = (host: string, claimPort: number, ingressPort: number): readonly string[] => [
  `${host}:${claimPort}`,
  `${host}:${ingressPort}`,
  `${host}:${INGRESS_METRICS_PORT}`,
  '127.0.0.1:0',
]

/** Undefined in a lab on the machine's own network. */
export function givenDoors(env: NodeJS.ProcessEnv = process.env): Doors | undefined {
  const ports = env[PORTS_VARIABLE]?.split(',').map(Number)
  if (ports === undefined) return undefined
  // Not for the programs that the owner starts.
  delete env[PORTS_VARIABLE]
  const [claim = 0, ingress = 0, metrics = 0, api = 0] = ports.map((_port, index) => FIRST_DESCRIPTOR + index)
  return { claim, ingress, metrics, api, apiPort: ports[3] ?? 0 }
}

export async function openDoors(doors: Doors, ingressHost: string): Promise<Passages> {
  const passages = await Promise.all([
    passOn(doors.api, '127.0.0.1', doors.apiPort),
    passOn(doors.metrics, ingressHost, INGRESS_METRICS_PORT),
  ])
  const close = () => {
    for (const passage of passages) passage.close()
    // The ingress has its own descriptor. While this one is open, nothing else can listen there.
    closeSync(doors.ingress)
  }
  return { close }
}

async function passOn(descriptor: number, host: string, port: number): Promise<Passages> {
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const inside = connect({ host, port, allowHalfOpen: true, noDelay: true })
    for (const [one, other] of [
      [client, inside],
      [inside, client],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ fd: descriptor }, resolve)
  await promise
  return {
    close: () => {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}
