/** A lab for a conformance suite of others: its own folder, the images that the suite's pods name, and nothing else in it. */
import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { labTools } from '../../src/cli/tools.ts'
import { buildImages } from '../../src/lab/images/build.ts'
import type { FolderSource } from '../../src/lab/images/ready-images.ts'
import { type LabHandle, labPaths, labUp, type NetworkChoice } from '../../src/lab/lab.ts'

/** A folder for a run, to be removed at its end. */
export function suiteScratch(): string {
  const scratch = mkdtempSync(join(tmpdir(), 'md-'))
  // Pods of a root caller run as somebody else, who must get to their images.
  chmodSync(scratch, 0o755)
  return scratch
}

export type SuiteLab = {
  readonly scratch: string
  readonly images: readonly FolderSource[]
  readonly nodes: number
  readonly network?: NetworkChoice
  readonly ingressPort?: number
  readonly signal?: AbortSignal
}

export async function bootForSuite({ scratch, images, network, signal, ...sizes }: SuiteLab): Promise<LabHandle> {
  const root = join(scratch, 'l')
  const tools = await labTools(signal ?? new AbortController().signal, network)
  await buildImages({ folder: labPaths(root).images, sources: [], ready: images })
  return labUp({ root, tools, ...sizes, ...(network ? { network } : {}), ...(signal ? { signal } : {}) })
}
