/**
 * The host of the labs that test files share. It lives in vitest's main process and keeps a lab for the files after the one that asked for it
 * first: a boot is a quarter of what a short file takes. The labs hang on this process, so they go when vitest does, however it goes. A
 * place is lent for as long as the file's process keeps its connection, so that the kernel gives it back whatever way the file ends.
 */
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { bootLab } from '../../src/cli/lab-boot.ts'
import { REFERENCE_WORKLOAD } from '../../src/cli/reference-workload.ts'
import { labTools } from '../../src/cli/tools.ts'
import { buildImages } from '../../src/lab/images/build.ts'
import { type LabHandle, labPaths, labUp, type Place } from '../../src/lab/lab.ts'
import { createLending, LABS_MAX, type Lending } from './lending.ts'
import { TEST_IMAGES } from './test-images.ts'

/** `empty` has nodes and the images of tests; `platform` runs the reference platform; `none` leaves the place to the file that asks. */
export type SharedKind = 'empty' | 'platform' | 'none'

/** What is lent: a place on the machine, and the folder of the lab there, if the kind has one. */
export type Shared = { readonly place: Place; readonly root: string }

const VARIABLE = 'MATCHDAY_TEST_LAB_HOST'

export default async function setup(): Promise<() => Promise<void>> {
  // Each project has this set up, all in one process: the first one's host is everybody's.
  if (hasHost()) return async () => undefined
  const folder = mkdtempSync(join(tmpdir(), 'md-'))
  // Pods of a root caller run as somebody else, who must get to their images.
  chmodSync(folder, 0o755)
  const rootOf = (kind: SharedKind, place: Place): string => join(folder, `${kind}${place}`)
  const lending = createLending<SharedKind>({
    places: LABS_MAX,
    boot: (kind, place) => boot(kind, place, rootOf(kind, place)),
    // A platform's thirty pods take 35 s of processor time to boot; two at a time would leave the tests none.
    single: ['platform'],
  })
  const server = createServer((asking) => void lend(asking, lending, rootOf))
  const socket = join(folder, 'host.sock')
  server.listen(socket)
  await once(server, 'listening')
  process.env[VARIABLE] = socket
  return async () => {
    server.close()
    delete process.env[VARIABLE]
    await lending.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Request = { readonly kind: SharedKind; readonly alone: boolean }
type Answer = { readonly shared: Shared } | { readonly refused: string }

async function lend(
  asking: Socket,
  lending: Lending<SharedKind>,
  rootOf: (kind: SharedKind, place: Place) => string,
): Promise<void> {
  asking.on('error', () => undefined)
  const { kind, alone } = JSON.parse(await lineOf(asking)) as Request
  const answer = (what: Answer) => void (asking.destroyed || asking.write(`${JSON.stringify(what)}\n`))
  try {
    const { place, giveBack } = await lending.lend(kind, alone)
    if (asking.destroyed) return giveBack()
    asking.once('close', giveBack)
    answer({ shared: { place, root: rootOf(kind, place) } })
  } catch (error) {
    answer({ refused: error instanceof Error ? error.message : String(error) })
  }
}

async function boot(kind: SharedKind, place: Place, root: string): Promise<LabHandle | undefined> {
  const { signal } = new AbortController()
  switch (kind) {
    case 'none':
      return undefined
    case 'platform':
      return bootLab({ workload: REFERENCE_WORKLOAD, overlays: [], root, place, signal })
    case 'empty':
      await buildImages({ folder: labPaths(root).images, sources: TEST_IMAGES })
      return labUp({ root, place, tools: await labTools(signal) })
  }
}

/** Whether there is a host: not where a bench or `npm run detect` uses what tests use. */
export const hasHost = (): boolean => process.env[VARIABLE] !== undefined

/** Asks the host for a place and a lab of that kind, lent until this process ends. @throws with the host's own words when it can't be had */
export async function askHost(kind: SharedKind, alone = false): Promise<Shared> {
  const host = connect(process.env[VARIABLE] ?? '')
  await once(host, 'connect')
  host.write(`${JSON.stringify({ kind, alone } satisfies Request)}\n`)
  const answer = JSON.parse(await lineOf(host)) as Answer
  // The connection stays open, but must not keep this process alive.
  host.unref()
  if ('refused' in answer) throw new Error(answer.refused)
  return answer.shared
}

async function lineOf(socket: Socket): Promise<string> {
  const [line] = await once(createInterface({ input: socket }), 'line')
  return String(line)
}
