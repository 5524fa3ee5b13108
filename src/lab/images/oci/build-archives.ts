/** Builds images for any cluster, without Docker, root or a registry: one archive for each service of a workload, and PostgreSQL. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { LabError } from '../../machine/lab-error.ts'
import { bundleServices } from '../bundle.ts'
import type { ImageSource } from '../image-source.ts'
import { POSTGRES_NAME, postgresImage } from '../postgres.ts'
import { type ImageConfig, writeArchive } from './archive-writer.ts'
import {
  nodeEntries,
  PROGRAMS_PATH,
  postgresCommand,
  postgresEntries,
  SERVICE_FOLDER,
  serviceCommand,
  serviceEntries,
  USERS,
} from './contents.ts'
import { type Layer, writeLayer } from './layer.ts'

export type ArchiveOptions = {
  readonly folder: string
  readonly sources: readonly ImageSource[]
  /** Also the image of PostgreSQL alone. Sources that are built on it need no permission. */
  readonly postgres: boolean
  readonly tag: string
  /** Comes before each name: `registry.example.com/rehearsal`. */
  readonly registry?: string
  readonly onProgress?: (text: string) => void
  readonly signal?: AbortSignal
}

export type BuiltArchive = {
  /** As the workload calls it. */
  readonly name: string
  /** With registry and tag. */
  readonly reference: string
  readonly digest: string
  readonly file: string
}

/** One image: a service, or PostgreSQL alone. */
type Wanted = { readonly name: string; readonly service?: ImageSource }

/**
 * Writes an archive for each source, and a kustomize component that pins their digests. The same sources, Node and libraries give the same digests;
 * images with PostgreSQL are the exception, because each template has an identifier of its own.
 * @throws LabError `image-build-failed`; the signal's reason when aborted. Archives that were complete stay
 */
export async function buildArchives(options: ArchiveOptions): Promise<readonly BuiltArchive[]> {
  requireLinux()
  mkdirSync(options.folder, { recursive: true })
  const work = mkdtempSync(join(tmpdir(), 'matchday-images-'))
  // When root builds, initdb runs as another user, who must be able to enter it.
  chmodSync(work, 0o755)
  try {
    const built = await archivesOf(work, options)
    writeFileSync(join(options.folder, 'kustomization.yaml'), componentOf(built, options.registry))
    return built
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function requireLinux(): void {
  if (process.platform === 'linux') return
  throw new LabError({
    code: 'image-build-failed',
    problem: `an image holds the Node of this machine, and this machine runs ${process.platform}.`,
    next: 'build the images on Linux, for example in CI.',
  })
}

type Layers = { readonly node: Layer; readonly postgres: Layer | undefined }

async function archivesOf(work: string, options: ArchiveOptions): Promise<readonly BuiltArchive[]> {
  const { sources, onProgress: say = () => undefined, signal } = options
  const wanted: readonly Wanted[] = [
    ...sources.map((service) => ({ name: service.name, service })),
    ...(options.postgres ? [{ name: POSTGRES_NAME }] : []),
  ]
  const bundles = await bundleServices(work, sources, say)
  signal?.throwIfAborted()
  const layers = await layersOf(work, wanted.some(needsPostgres), say, signal)
  const built: BuiltArchive[] = []
  for (const each of wanted) {
    signal?.throwIfAborted()
    // Without PostgreSQL for this machine, which the progress has reported.
    if (needsPostgres(each) && layers.postgres === undefined) continue
    const one = await archiveOf(work, each, bundles.get(each.name), layers, options)
    say(`${one.reference} ${one.digest}`)
    built.push(one)
  }
  return built
}

const needsPostgres = ({ service }: Wanted): boolean => service === undefined || service.from === POSTGRES_NAME

async function layersOf(
  work: string,
  withPostgres: boolean,
  say: (text: string) => void,
  signal?: AbortSignal,
): Promise<Layers> {
  say(`packing Node ${process.version} and its libraries`)
  const node = await writeLayer(join(work, 'node.tar.gz'), await nodeEntries())
  signal?.throwIfAborted()
  const [staged] = withPostgres ? await postgresImage(work, say) : []
  if (staged === undefined) return { node, postgres: undefined }
  say('packing PostgreSQL')
  const entries = await postgresEntries(join(work, staged.image.folder))
  return { node, postgres: await writeLayer(join(work, 'postgres.tar.gz'), entries) }
}

async function archiveOf(
  work: string,
  wanted: Wanted,
  bundle: Buffer | undefined,
  { node, postgres }: Layers,
  { folder, tag, registry }: ArchiveOptions,
): Promise<BuiltArchive> {
  const plain = wanted.name.replaceAll('/', '_')
  const below = needsPostgres(wanted) && postgres !== undefined ? [node, postgres] : [node]
  const own = bundle === undefined ? [] : [await writeLayer(join(work, `${plain}.tar.gz`), serviceEntries(bundle))]
  const name = registry === undefined ? wanted.name : `${registry}/${wanted.name}`
  const file = join(folder, `${plain}.tar`)
  const digest = await writeArchive(file, { name, tag, config: configOf(wanted), layers: [...below, ...own] })
  return { name: wanted.name, reference: `${name}:${tag}`, digest, file }
}

/** The label gives two names of one program different digests, for releases that change nothing else. */
function configOf(wanted: Wanted): ImageConfig {
  const { name, service } = wanted
  const user = service?.user ?? (needsPostgres(wanted) ? USERS.postgres : USERS.service)
  const env = { PATH: PROGRAMS_PATH, NODE_ENV: 'production', ...service?.env }
  return {
    User: `${user}:${user}`,
    Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    ...(service === undefined
      ? { Entrypoint: postgresCommand, Cmd: ['postgres'], StopSignal: 'SIGINT' }
      : { Entrypoint: serviceCommand, WorkingDir: SERVICE_FOLDER }),
    Labels: { 'org.opencontainers.image.title': name },
  }
}

/** A kustomize component. It replaces the zero digests in the manifests by those of the archives. */
function componentOf(built: readonly BuiltArchive[], registry: string | undefined): string {
  const images = built.map(({ name, digest }) => ({
    name,
    ...(registry === undefined ? {} : { newName: `${registry}/${name}` }),
    digest,
  }))
  const head = '# Written by `matchday images build`: the digests of the archives in this folder.\n'
  return `${head}${stringify({ apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component', images })}`
}
