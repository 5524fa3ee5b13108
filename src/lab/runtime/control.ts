import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { constants } from 'node:os'
import { messageOf } from '../../domain/unknown.ts'
import type { LabNode } from '../topology/node-table.ts'
import type { Containers } from './containers.ts'
import { stateOf } from './cri/views.ts'
import type { PowerSwitch } from './power.ts'
import type { ProcessTable } from './processes/table.ts'
import type { SandboxRecord } from './records.ts'
import type { Sandboxes } from './sandboxes.ts'

export type ControlledNode = { name: string; sandboxes: Sandboxes; containers: Containers; power: PowerSwitch }

export type ContainerReport = {
  id: string
  name: string
  state: string
  cpuNanos: number
  workingSetBytes: number
  pid: number | undefined
}
export type PodReport = {
  uid: string
  namespace: string
  name: string
  node: string
  ip: string
  /** when CPU and memory were read, ms since 1970 */
  sampledAtMs: number
  containers: ContainerReport[]
}

/** How nodes come and go while the runtime runs. Both may be repeated. */
export type NodeDoors = {
  join(node: LabNode): Promise<void>
  leave(name: string): Promise<void>
}

type Answer = { status: number; body: object }

/**
 * HTTP/JSON on a unix socket, for the chaos daemon, the metrics API and the lab's owner:
 * `GET /pods` → PodReport[] of pods that are not stopped; `POST /containers/<id>/kill` with `{ "signal": "SIGKILL" }` → 200, 404 when no
 * such container runs, 400 for an unknown signal; `POST /nodes/<node>/power` with `{ "power": "off" | "on" }` → 200 when it is done, 404
 * and 400 likewise. The kubelet of a node without power must not run. `POST /nodes/<node>/join` with the node (LabNode) opens its CRI server;
 * `POST /nodes/<node>/leave` ends its pods and closes it. Both answer 200 when it is done.
 */
export async function serveControl(
  path: string,
  nodes: readonly ControlledNode[],
  table: ProcessTable,
  doors: NodeDoors,
): Promise<{ stop(): void }> {
  const server = createServer((request, response) => {
    answer(request, nodes, table, doors).then(
      (result) => write(response, result),
      (error) => write(response, { status: 500, body: { error: messageOf(error) } }),
    )
  })
  rmSync(path, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  chmodSync(path, 0o600)
  return {
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function answer(
  request: IncomingMessage,
  nodes: readonly ControlledNode[],
  table: ProcessTable,
  doors: NodeDoors,
): Promise<Answer> {
  if (request.method === 'GET' && request.url === '/pods') return { status: 200, body: reportPods(nodes, table) }
  const kill = /^\/containers\/([0-9a-f]+)\/kill$/.exec(request.url ?? '')
  if (request.method === 'POST' && kill?.[1]) return killContainer(nodes, kill[1], await bodyOf(request))
  const node = /^\/nodes\/([a-z0-9-]+)\/power$/.exec(request.url ?? '')
  if (request.method === 'POST' && node?.[1]) return switchPower(nodes, node[1], await bodyOf(request))
  const door = /^\/nodes\/([a-z0-9.-]+)\/(join|leave)$/.exec(request.url ?? '')
  if (request.method === 'POST' && door?.[1]) {
    const [, name, way] = door
    return way === 'leave' ? leaveNode(doors, name) : joinNode(doors, name, await bodyOf(request))
  }
  return {
    status: 404,
    body: {
      error: `no ${request.method} ${request.url}: use GET /pods, POST /containers/<id>/kill or POST /nodes/<node>/power, join or leave`,
    },
  }
}

async function joinNode(doors: NodeDoors, name: string, body: unknown): Promise<Answer> {
  if (!isLabNode(body) || body.name !== name) return { status: 400, body: { error: `no node ${name} in the request` } }
  await doors.join(body)
  return { status: 200, body: { node: name } }
}

async function leaveNode(doors: NodeDoors, name: string): Promise<Answer> {
  await doors.leave(name)
  return { status: 200, body: { node: name } }
}

const isLabNode = (body: unknown): body is LabNode =>
  typeof body === 'object' && body !== null && 'name' in body && 'index' in body && 'podCidr' in body

async function switchPower(nodes: readonly ControlledNode[], name: string, body: unknown): Promise<Answer> {
  const power = typeof body === 'object' && body !== null && 'power' in body ? body.power : undefined
  if (power !== 'on' && power !== 'off') return { status: 400, body: { error: 'power must be on or off' } }
  const node = nodes.find((one) => one.name === name)
  if (!node) return { status: 404, body: { error: `no node ${name}` } }
  await node.power[power]()
  return { status: 200, body: { node: name, power } }
}

export function reportPods(nodes: readonly ControlledNode[], table: ProcessTable): PodReport[] {
  return nodes.flatMap((node) =>
    node.sandboxes
      .list()
      .filter(({ stopped }) => !stopped)
      .map((sandbox) => reportPod(node, sandbox, table)),
  )
}

function reportPod(node: ControlledNode, sandbox: SandboxRecord, table: ProcessTable): PodReport {
  const { uid, namespace, name } = sandbox.config.metadata
  const own = node.containers.list().filter(({ sandboxId }) => sandboxId === sandbox.id)
  const containers = own.map((record) => {
    const { cpuNanos, workingSetBytes } = table.usage(record.id)
    const pid = node.containers.life(record.id)?.mainPid()
    return { id: record.id, name: record.config.metadata.name, state: stateOf(record), cpuNanos, workingSetBytes, pid }
  })
  return {
    uid,
    namespace,
    name,
    node: node.name,
    ip: sandbox.network?.ip ?? '',
    sampledAtMs: table.sampledAtMs(),
    containers,
  }
}

function killContainer(nodes: readonly ControlledNode[], id: string, body: unknown): Answer {
  const signal = typeof body === 'object' && body !== null && 'signal' in body ? body.signal : 'SIGKILL'
  if (!isSignal(signal)) return { status: 400, body: { error: `no signal ${JSON.stringify(signal)}` } }
  const life = nodes.map((node) => node.containers.life(id)).find((found) => found !== undefined)
  if (!life?.signal(signal)) return { status: 404, body: { error: `no running container ${id}` } }
  return { status: 200, body: { id, signal } }
}

const isSignal = (name: unknown): name is NodeJS.Signals =>
  typeof name === 'string' && Object.hasOwn(constants.signals, name)

// Enough for {"signal":"SIGKILL"}.
const BODY_BYTES_MAX = 4096

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request) {
    text += chunk
    if (text.length > BODY_BYTES_MAX) return undefined
  }
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return { signal: text } // not JSON: the answer names it as an unknown signal
  }
}

function write(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
