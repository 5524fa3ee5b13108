// Pods run as unprivileged users who may not read the project, and without type stripping. So the code that they load is bundled into the
// lab's folder.
import { chmodSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { ownFile } from '../machine/own-file.ts'

export type Staged = { preload: string; relay: string }

/** The oldest Node version that a pod may use. */
const TARGET = 'node20'

/** Bundles the preload to `<root>/net/preload.cjs` and the relay to `<root>/net/relay.cjs`, both readable by everybody. */
export async function stagePreload(root: string): Promise<Staged> {
  const net = join(root, 'net')
  mkdirSync(net, { recursive: true, mode: 0o755 })
  const [preload, relay] = await Promise.all([
    bundle('./preload/main.ts', net, 'preload'),
    bundle('./relay.ts', net, 'relay'),
  ])
  return { preload, relay }
}

async function bundle(source: string, folder: string, name: string): Promise<string> {
  const file = join(folder, `${name}.cjs`)
  const aside = `${file}.${process.pid}`
  await build({
    entryPoints: [ownFile(source, import.meta.url)],
    outfile: aside,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: TARGET,
    logLevel: 'silent',
  })
  chmodSync(aside, 0o644)
  // Renamed into place, so that a starting pod never reads half a file.
  renameSync(aside, file)
  return file
}
