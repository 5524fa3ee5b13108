import { basename, join } from 'node:path'
import { writeArchive } from '../../src/lab/images/oci/archive-writer.ts'
import { type LayerEntry, writeLayer } from '../../src/lab/images/oci/layer.ts'
import { buildSmallProgram, type NodePrograms } from './programs.ts'

/** `user`: numeric, with its group. */
export type ProgramImage = {
  readonly name: string
  readonly tag: string
  readonly user: string
  readonly entrypoint?: readonly string[]
}

const Env = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']
/** They live for minutes, on this machine alone. */
const UNCOMPRESSED = 0
const TEMPORARY: LayerEntry = { kind: 'folder', path: 'tmp', mode: 0o1777 }

/** An image of one layer with these files. @returns its archive, below `folder` */
export async function programImage(
  folder: string,
  { name, tag, user, entrypoint = [] }: ProgramImage,
  entries: readonly LayerEntry[],
): Promise<string> {
  const plain = join(folder, basename(name))
  const layers = [await writeLayer(`${plain}.tar.gz`, [...entries, TEMPORARY], UNCOMPRESSED)]
  const config = { User: user, Env, Entrypoint: entrypoint, Labels: {} }
  await writeArchive(`${plain}.tar`, { name, tag, config, layers })
  return `${plain}.tar`
}

/** The image for the sandbox of each pod: a program that waits. */
export async function pauseArchive({ folder: programs }: NodePrograms, folder: string): Promise<string> {
  const source = buildSmallProgram('pause', programs)
  const image = { name: 'matchday/pause', tag: '1', user: '65535:65535', entrypoint: ['/pause'] }
  return programImage(folder, image, [{ kind: 'file', path: 'pause', source, executable: true }])
}
