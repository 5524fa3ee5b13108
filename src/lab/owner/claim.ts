// One lab per place (see place.ts), because pods, nodes and ingress listen on fixed loopback addresses. The claim is a listening socket,
// not a file: the kernel releases it however its holder ends, and it can tell who holds it. Each network namespace has its own.
import { createServer, type Server } from 'node:http'
import { userInfo } from 'node:os'
import { LabError } from '../machine/lab-error.ts'
import { isErrno } from '../machine/processes.ts'
import { hostOf, type Place } from '../topology/place.ts'

export const CLAIM_PORT = 7099

export type ClaimHolder = {
  readonly program: 'matchday-lab'
  readonly pid: number
  readonly user: string
  readonly root: string
  readonly startedAt: string
}

export type Claim = { release(): void }

export type ClaimAddress = { readonly host: string; readonly port: number }

export const claimAddress = (place: Place): ClaimAddress => ({ host: hostOf(place), port: CLAIM_PORT })

/**
 * Claims this address for `root`. `socket`: the descriptor of a socket that already listens there, for an owner in a network of its own. `pid`: its process, as
 * the machine sees it. @throws LabError when another lab or another program has it
 */
export async function claimPlace(
  root: string,
  address: ClaimAddress,
  socket?: number,
  pid: number = process.pid,
): Promise<Claim> {
  const holder: ClaimHolder = {
    program: 'matchday-lab',
    pid,
    user: userInfo().username,
    root,
    startedAt: new Date().toISOString(),
  }
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(holder))
  })
  try {
    await listen(server, socket === undefined ? address : { fd: socket })
  } catch (error) {
    throw await refusal(error, address)
  }
  return { release: () => void server.close() }
}

/** Who has a lab at this address; undefined when nothing listens there, or when it is not a lab. */
export async function claimHolder({ host, port }: ClaimAddress): Promise<ClaimHolder | undefined> {
  try {
    const answer = await fetch(`http://${host}:${port}/`, { signal: AbortSignal.timeout(2_000) })
    const found: unknown = await answer.json()
    return isHolder(found) ? found : undefined
  } catch {
    return undefined
  }
}

async function refusal(error: unknown, address: ClaimAddress): Promise<unknown> {
  if (isErrno(error, 'EADDRNOTAVAIL')) {
    return new LabError({
      code: 'loopback-missing',
      problem: `cannot listen on ${address.host}: the lab needs all of 127.0.0.0/8 on the loopback interface, which is the default on Linux.`,
      next: 'check that the interface lo is up.',
    })
  }
  if (!isErrno(error, 'EADDRINUSE')) return error
  const holder = await claimHolder(address)
  return holder ? alreadyUp(holder) : addressTaken(address)
}

export const alreadyUp = (holder: ClaimHolder): LabError =>
  new LabError({
    code: 'lab-already-up',
    problem: `a lab of ${holder.user} is up on this machine since ${holder.startedAt} (process ${holder.pid}, folder ${holder.root}); there can be only one.`,
    next: `use it, or stop it first: MATCHDAY_LAB_DIR=${holder.root} matchday lab down`,
  })

const addressTaken = ({ host, port }: ClaimAddress): LabError =>
  new LabError({
    code: 'lab-address-taken',
    problem: `another program listens on ${host}:${port}, which the lab needs.`,
    next: `find it with: ss -ltnp 'sport = :${port}'`,
  })

function isHolder(found: unknown): found is ClaimHolder {
  return typeof found === 'object' && found !== null && 'program' in found && found.program === 'matchday-lab'
}

async function listen(server: Server, at: ClaimAddress | { fd: number }): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(at, resolve)
  await promise
}
