import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { bundleServices } from './bundle.ts'
import { type ImageIndex, type IndexedImage, mountPreloadFile, nodeBinary, writeIndex } from './image-index.ts'
import type { ImageSource } from './image-source.ts'
import { postgresImage } from './postgres.ts'
import { bundlePreload } from './preload.ts'
import { type ReadySource, readyImage } from './ready-images.ts'
import { type BuiltImage, nodeImage, pauseImage } from './recipes.ts'
import { stageFile } from './stage.ts'

export type ImageBuildOptions = {
  readonly folder: string
  readonly sources: readonly ImageSource[]
  /** Images that need no bundling. */
  readonly ready?: readonly ReadySource[]
  readonly onProgress?: (text: string) => void
}

/**
 * Brings `folder` (the lab's `images/`) up to date: Node itself, the images that every lab has (`matchday/pause`, `matchday/postgres`), one
 * image for each source, then the index. Unchanged images are not built again. Every user can read all of it, whatever the umask, because
 * pods run as another user if root runs the lab.
 * @throws LabError `image-build-failed` with the bundler's own words
 */
export async function buildImages({
  folder,
  sources,
  ready = [],
  onProgress = () => undefined,
}: ImageBuildOptions): Promise<ImageIndex> {
  makeFolders(folder)
  stageFile(process.execPath, nodeBinary(folder))
  const [bundles, preload, postgres, pause] = await Promise.all([
    bundleServices(folder, sources, onProgress),
    bundlePreload(mountPreloadFile(folder)),
    postgresImage(folder, onProgress),
    pauseImage(folder),
  ])
  const services = await Promise.all(
    sources.flatMap((source) => {
      const base = source.from === undefined ? undefined : postgres.find(({ name }) => name === source.from)
      // Its base image is not available on this machine; the progress said why.
      if (source.from !== undefined && base === undefined) return []
      return nodeImage(folder, source, bundles.get(source.name), preload, base?.image)
    }),
  )
  const found = await Promise.all(ready.map((source) => readyImage(folder, source)))
  const built: BuiltImage[] = [pause, ...postgres, ...services, ...found]
  const index = { images: Object.fromEntries(built.map(({ name, image }): [string, IndexedImage] => [name, image])) }
  writeIndex(folder, index)
  for (const { image } of built) dropOldVersions(join(folder, image.folder))
  return index
}

function makeFolders(folder: string): void {
  for (const each of [folder, join(folder, 'bin'), join(folder, 'lib')]) {
    mkdirSync(each, { recursive: true })
    chmodSync(each, 0o755)
  }
}

// Pods of a running lab may still use earlier versions.
const VERSIONS_KEPT = 3

function dropOldVersions(current: string): void {
  const parent = join(current, '..')
  if (!existsSync(parent)) return
  const versions = readdirSync(parent)
    .map((name) => join(parent, name))
    .filter((path) => path !== current)
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
  for (const old of versions.slice(VERSIONS_KEPT - 1)) rmSync(old, { recursive: true, force: true })
}
