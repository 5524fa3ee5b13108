/** Images that need no bundling: a folder with any program of this machine, or an OCI archive as `docker save` writes it. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isObject, messageOf } from '../../domain/unknown.ts'
import { LabError } from '../machine/lab-error.ts'
import { unpackArchive } from './archive.ts'
import type { IndexedImage } from './image-index.ts'
import type { BuiltImage } from './recipes.ts'
import { digestOf, stageFolder, stageVersion, versionFolder } from './stage.ts'

/** How the programs of an image are started. `$IMAGE` in a word is replaced by the folder of the image. */
export type Start = {
  readonly entrypoint: readonly string[]
  /** Where the pod gives no args of its own */
  readonly arguments?: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly workingDir?: string
  /** Folders that each container has for itself. */
  readonly volumes?: readonly string[]
  /** uid if root runs the lab; `nobody` by default */
  readonly user?: number
  /** What the image says instead of a number. It is only told: containers run as `nobody`. */
  readonly userName?: string
}

/** A folder of the user's machine. The name may end with `@sha256:…`, the digest by which manifests name the image. */
export type FolderSource = Start & { readonly kind: 'folder'; readonly name: string; readonly folder: string }
/** A tar file with manifest.json or index.json. */
export type ArchiveSource = { readonly kind: 'archive'; readonly name: string; readonly archive: string }
export type ReadySource = FolderSource | ArchiveSource

/** @throws LabError `image-unreadable` that names the file and what is wrong with it */
export async function readyImage(store: string, source: ReadySource): Promise<BuiltImage> {
  try {
    return source.kind === 'folder' ? await folderImage(store, source) : await archiveImage(store, source)
  } catch (cause) {
    const from = source.kind === 'folder' ? source.folder : source.archive
    throw new LabError({
      code: 'image-unreadable',
      problem: `image ${source.name} cannot be made from ${from}: ${messageOf(cause)}`,
      next: 'look at its entry in workload.yaml; docs/how-to/use-your-own-services.md shows the forms.',
      cause,
    })
  }
}

/**
 * Files are named by path, size and time of change: reading a folder of gigabytes at every boot would take longer than the boot. As in a registry, the name
 * is no part of the digest.
 */
async function folderImage(store: string, { name: reference, folder, ...start }: FolderSource): Promise<BuiltImage> {
  const [name = '', pinned] = reference.split('@')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const stats = files.map((file) => [file, statSync(join(folder, file), { throwIfNoEntry: false })] as const)
  const listed = stats.map(([file, stat]) => `${file} ${stat?.isFile() ? `${stat.size} ${stat.mtimeMs}` : ''}`)
  const content = digestOf(folder, JSON.stringify(start), listed.join('\n'))
  const at = versionFolder(name, content)
  await stageVersion(join(store, at), (aside) => stageFolder(folder, aside, () => true))
  return {
    name,
    image: native(
      at,
      pinned ?? content,
      start,
      stats.reduce((sum, [, stat]) => sum + (stat?.size ?? 0), 0),
    ),
  }
}

async function archiveImage(store: string, { name, archive }: ArchiveSource): Promise<BuiltImage> {
  const { size, mtimeMs } = statSync(archive)
  const digest = digestOf(name, archive, `${size} ${mtimeMs}`)
  const at = versionFolder(name, digest)
  await stageVersion(join(store, at), async (aside) => {
    const root = join(aside, 'rootfs')
    mkdirSync(root)
    await unpackArchive(archive, root, join(aside, 'config.json'))
    chmodSync(root, 0o755)
  })
  return { name, image: native(at, digest, startOf(join(store, at, 'config.json')), size) }
}

type ImageConfig = {
  readonly config?: Readonly<Record<'Entrypoint' | 'Cmd' | 'Env' | 'WorkingDir' | 'User' | 'Volumes', unknown>>
}

/** Programs and folders of the image are paths below its root here, because a container of the lab has no root of its own. */
function startOf(configFile: string): Start {
  const { config }: ImageConfig = JSON.parse(readFileSync(configFile, 'utf8'))
  const [entrypoint, given] = [textsOf(config?.Entrypoint), textsOf(config?.Cmd)]
  const env = Object.fromEntries(textsOf(config?.Env).map((line) => line.split(/=(.*)/s).slice(0, 2)))
  const { PATH = '', ...others } = env
  const [userName = ''] = typeof config?.User === 'string' ? config.User.split(':') : []
  const user = /^\d+/.exec(userName)?.[0]
  const volumes = isObject(config?.Volumes) ? Object.keys(config.Volumes) : []
  return {
    entrypoint: programInImage(entrypoint),
    ...(given.length === 0 ? {} : { arguments: entrypoint.length === 0 ? programInImage(given) : given }),
    env: { ...others, ...(PATH === '' ? {} : { PATH: pathInImage(PATH) }) },
    ...(typeof config?.WorkingDir === 'string' && config.WorkingDir !== ''
      ? { workingDir: `${ROOT}${config.WorkingDir}` }
      : {}),
    ...(volumes.length === 0 ? {} : { volumes }),
    ...(user === undefined || user === '0' ? {} : { user: Number(user) }),
    ...(user === undefined && userName !== '' && userName !== 'root' ? { userName } : {}),
  }
}

const ROOT = '$IMAGE/rootfs'

const programInImage = ([program, ...rest]: readonly string[]): string[] =>
  program === undefined ? [] : [program.startsWith('/') ? `${ROOT}${program}` : program, ...rest]

/** The image's own programs first, then this machine's. */
const pathInImage = (path: string): string => [...path.split(':').map((each) => `${ROOT}${each}`), path].join(':')

const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])

function native(at: string, digest: string, start: Start, sizeBytes: number): IndexedImage {
  const { entrypoint, arguments: given, env, workingDir, volumes, user, userName } = start
  return {
    digest,
    kind: 'native',
    folder: at,
    entrypoint,
    ...(given === undefined ? {} : { arguments: given }),
    env,
    ...(workingDir === undefined ? {} : { workingDir }),
    ...(volumes === undefined ? {} : { volumes }),
    ...(user === undefined ? {} : { user }),
    ...(userName === undefined ? {} : { userName }),
    sizeBytes,
  }
}
