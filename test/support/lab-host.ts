/**
 * The host of the lab that test files share. It lives in vitest's main process, boots a lab when the first file asks for one, and keeps
 * it for the files after that: a boot is a quarter of what a short file takes. The lab hangs on this process, so it goes when vitest does,
 * however it goes. There is one lab a machine: a file that boots labs of its own has the shared one taken down first.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bootLab } from '../../src/cli/lab-boot.ts'
import { REFERENCE_WORKLOAD } from '../../src/cli/reference-workload.ts'
import { labTools } from '../../src/cli/tools.ts'
import { buildImages } from '../../src/lab/images/build.ts'
import { type LabHandle, labPaths, labUp } from '../../src/lab/lab.ts'
import { TEST_IMAGES } from './test-images.ts'

/** `empty` has nodes and the images of tests; `platform` runs the reference platform; `none` leaves the machine to the file that asks. */
export type SharedKind = 'empty' | 'platform' | 'none'

const VARIABLE = 'MATCHDAY_TEST_LAB_HOST'

export default async function setup(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'md-'))
  // Pods of a root caller run as somebody else, who must get to their images.
  chmodSync(folder, 0o755)
  const host = createHost(folder)
  const socket = join(folder, 'host.sock')
  const server = createServer((asked, response) => {
    host.have(kindOf(asked.url)).then(
      (root) => response.end(root),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    )
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  process.env[VARIABLE] = socket
  return async () => {
    server.close()
    await host.have('none')
    rmSync(folder, { recursive: true, force: true })
  }
}

const kindOf = (url = ''): SharedKind => (url === '/platform' ? 'platform' : url === '/empty' ? 'empty' : 'none')

function createHost(folder: string) {
  let current: { kind: SharedKind; lab: LabHandle | undefined } = { kind: 'none', lab: undefined }
  // One after the other: a file that asks while another's lab goes down must not find half of it.
  let last: Promise<unknown> = Promise.resolve()
  const become = async (kind: SharedKind): Promise<string> => {
    const root = join(folder, kind)
    if (kind === current.kind) return root
    const { lab } = current
    current = { kind: 'none', lab: undefined }
    await lab?.down()
    if (kind !== 'none') current = { kind, lab: await (kind === 'empty' ? bootEmpty(root) : bootPlatform(root)) }
    return root
  }
  return {
    have(kind: SharedKind): Promise<string> {
      const next = last.then(() => become(kind))
      last = next.catch(() => undefined)
      return next
    },
  }
}

async function bootEmpty(root: string): Promise<LabHandle> {
  await buildImages({ folder: labPaths(root).images, sources: TEST_IMAGES })
  return labUp({ root, tools: await labTools(new AbortController().signal) })
}

const bootPlatform = (root: string): Promise<LabHandle> =>
  bootLab({ workload: REFERENCE_WORKLOAD, overlays: [], root, signal: new AbortController().signal })

/** Whether there is a host: not where a bench or `npm run detect` uses what tests use. */
export const hasHost = (): boolean => process.env[VARIABLE] !== undefined

/** Asks the host for a lab of that kind; its root. @throws with the host's own words when it can't be had */
export function askHost(kind: SharedKind): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const outgoing = request({ socketPath: process.env[VARIABLE], path: `/${kind}` }, (answer) => {
    let text = ''
    answer.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    answer.on('end', () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(text))))
  })
  outgoing.on('error', reject).end()
  return promise
}
