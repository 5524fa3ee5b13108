// One lab a machine: pods, nodes and ingress listen on fixed loopback addresses. The claim is a listening socket and not a file, because
// the kernel gives it back whatever way its holder ends, and because it can be asked who holds it. Each network namespace has its own.
import { createServer, type Server } from 'node:http'
import { userInfo } from 'node:os'
import { LabError } from '../lab-error.ts'
import { isErrno } from './processes.ts'

export const CLAIM_HOST = '127.99.0.1'
export const CLAIM_PORT = 7099

export type ClaimHolder = {
  readonly program: 'matchday-lab'
  readonly pid: number
  readonly user: string
  readonly root: string
  readonly startedAt: string
}

export type Claim = { release(): void }

export type ClaimPlace = { readonly host: string; readonly port: number }

const PLACE: ClaimPlace = { host: CLAIM_HOST, port: CLAIM_PORT }

/** Takes the machine's one lab for `root`. @throws LabError when another lab, or another program, is there */
export async function claimMachine(root: string, place: ClaimPlace = PLACE): Promise<Claim> {
  const holder: ClaimHolder = {
    program: 'matchday-lab',
    pid: process.pid,
    user: userInfo().username,
    root,
    startedAt: new Date().toISOString(),
  }
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(holder))
  })
  try {
    await listen(server, place)
  } catch (error) {
    throw await refusal(error, place)
  }
  return { release: () => void server.close() }
}

/** Who holds the machine's lab; undefined when nobody does, or when what listens there is no lab. */
export async function claimHolder(place: ClaimPlace = PLACE): Promise<ClaimHolder | undefined> {
  try {
    const answer = await fetch(`http://${place.host}:${place.port}/`, { signal: AbortSignal.timeout(2_000) })
    const found: unknown = await answer.json()
    return isHolder(found) ? found : undefined
  } catch {
    return undefined
  }
}

async function refusal(error: unknown, place: ClaimPlace): Promise<unknown> {
  if (isErrno(error, 'EADDRNOTAVAIL')) {
    return new LabError({
      code: 'loopback-missing',
      problem: `the address ${place.host} can't be used: the lab needs all of 127.0.0.0/8 on the loopback interface, as Linux has it.`,
      next: 'check that the interface lo is up.',
    })
  }
  if (!isErrno(error, 'EADDRINUSE')) return error
  const holder = await claimHolder(place)
  return holder ? alreadyUp(holder) : addressTaken(place)
}

export const alreadyUp = (holder: ClaimHolder): LabError =>
  new LabError({
    code: 'lab-already-up',
    problem: `a lab of ${holder.user} is up on this machine since ${holder.startedAt} (process ${holder.pid}, folder ${holder.root}); there can be only one.`,
    next: `use it, or stop it first: MATCHDAY_LAB_DIR=${holder.root} matchday lab down`,
  })

const addressTaken = (place: ClaimPlace): LabError =>
  new LabError({
    code: 'lab-address-taken',
    problem: `another program listens on ${place.host}:${place.port}, which the lab needs.`,
    next: `find it with: ss -ltnp 'sport = :${place.port}'`,
  })

function isHolder(found: unknown): found is ClaimHolder {
  return typeof found === 'object' && found !== null && 'program' in found && found.program === 'matchday-lab'
}

async function listen(server: Server, { host, port }: ClaimPlace): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, host, resolve)
  await promise
}
