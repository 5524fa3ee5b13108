import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { IndexedImage } from './image-index.ts'
import type { ImageSource } from './image-source.ts'
import { digestOf, stageVersion, versionFolder } from './stage.ts'

export type BuiltImage = { readonly name: string; readonly image: IndexedImage }

/** `preload` maps mounted files for the bundle, so its text is part of the image's digest. */
export async function nodeImage(
  folder: string,
  source: ImageSource,
  bundle: Buffer | undefined,
  preload: string,
  base?: IndexedImage,
): Promise<BuiltImage> {
  if (!bundle) throw new Error(`no bundle was made for ${source.name}`)
  const { name, env, user } = source
  const parts = [env ?? null, user ?? null, ...(base ? [base.digest] : [])]
  const digest = digestOf(name, bundle, preload, process.version, JSON.stringify(parts))
  const at = versionFolder(name, digest)
  await stageVersion(join(folder, at), (aside) => writeFileSync(join(aside, 'main.cjs'), bundle, { mode: 0o644 }))
  const image: IndexedImage = {
    digest,
    kind: base?.kind ?? 'node',
    folder: at,
    entrypoint: ['$NODE', '$IMAGE/main.cjs', ...(base ? commandOf(base, at) : [])],
    sizeBytes: bundle.length + (base?.sizeBytes ?? 0),
    env: { NODE_ENV: 'production', ...env },
    ...(user === undefined ? {} : { user }),
  }
  return { name, image }
}

/** The command of the base image, relative to the folder of the image that is built on it. */
function commandOf(base: IndexedImage, at: string): string[] {
  const folder = `$IMAGE/${relative(at, base.folder)}`
  return base.entrypoint.map((word) => word.replaceAll('$IMAGE', folder))
}

// Waits until a signal ends it. A shell can handle a signal only while it waits for another process, so it runs sleep in the background. The trap
// asks the kernel for its child: a signal may come before the shell has noted the pid, or before the child has become sleep, which would miss a SIGTERM. A
// sleep that is left over keeps the output open.
const PAUSE =
  'trap "read -r pid _ </proc/$$/task/$$/children; kill -KILL \\$pid; exit 0" TERM INT; while :; do sleep 86400 & wait $!; done'

/** The image that Chaos Mesh's pod-failure puts in place of a container's image. */
export async function pauseImage(folder: string): Promise<BuiltImage> {
  const name = 'matchday/pause'
  const digest = digestOf(name, PAUSE)
  const at = versionFolder(name, digest)
  await stageVersion(join(folder, at), () => undefined)
  return {
    name,
    image: { digest, kind: 'native', folder: at, entrypoint: ['/bin/sh', '-c', PAUSE], sizeBytes: PAUSE.length },
  }
}
