/** The public images that runners of a load use, made of programs of this machine. */
import { mkdirSync } from 'node:fs'
import { findTool } from '../../src/cli/tools.ts'
import { nodeEntries } from '../../src/lab/images/oci/contents.ts'
import type { LayerEntry } from '../../src/lab/images/oci/layer.ts'
import { machineProgram } from './machine-program.ts'
import { programImage } from './program-image.ts'

/** The user of k6's own image. */
const USER = '12345:12345'
/** Of k6's image, what runners run beside k6. */
const SHELL = ['sh', 'cat', 'tr', 'sleep']

/** Writes the archives below `folder`. */
export async function runnerArchives(folder: string): Promise<readonly string[]> {
  mkdirSync(folder, { recursive: true })
  const k6 = await findTool('k6', new AbortController().signal)
  const shell = await Promise.all(SHELL.map((name) => machineProgram(name, 'bin')))
  const program: LayerEntry = { kind: 'file', path: 'usr/bin/k6', source: k6.path, executable: true }
  return [
    await programImage(folder, { name: 'grafana/k6', tag: '2.2.0', user: USER }, [...shell.flat(), program]),
    await programImage(folder, { name: 'node', tag: '24-alpine', user: USER }, await nodeEntries()),
  ]
}
