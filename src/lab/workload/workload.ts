/**
 * lab/workload: what runs in the lab. A workload is a folder with a `workload.yaml` that names its images and its manifests. The reference platform is one; a user's own services are another. The lab knows neither by name.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { messageOf } from '../../domain/unknown.ts'
import type { ImageSource } from '../images/image-source.ts'
import type { ReadySource } from '../images/ready-images.ts'
import { LabError } from '../machine/lab-error.ts'

const FORMS = ['entry', 'folder', 'archive'] as const
const STARTS = ['entrypoint', 'arguments', 'env', 'workingDir', 'user'] as const

const filled = z.string().min(1)

/** Three forms: `entry` is bundled and run by Node, `folder` holds any program, `archive` is an image as `docker save` writes it. */
const imageShape = z
  .strictObject({
    name: filled,
    entry: filled.optional(),
    from: filled.optional(),
    folder: filled.optional(),
    entrypoint: z.array(z.string()).min(1).optional(),
    arguments: z.array(z.string()).min(1).optional(),
    env: z.record(z.string(), z.string()).optional(),
    workingDir: filled.optional(),
    user: z.int().min(1).optional(),
    archive: filled.optional(),
  })
  .superRefine((image, context) => {
    const say = (message: string) => context.addIssue({ code: 'custom', message })
    const forms = FORMS.filter((form) => image[form] !== undefined)
    if (forms.length !== 1)
      return say(`needs one of ${FORMS.join(', ')}, found ${forms.length === 0 ? 'none' : forms.join(' and ')}`)
    if (image.from !== undefined && image.entry === undefined) say('from belongs to entry')
    if (image.folder !== undefined && image.entrypoint === undefined) say('a folder needs its entrypoint')
    const start = STARTS.filter((key) => image[key] !== undefined)
    if (image.folder === undefined && start.length > 0) say(`${start.join(', ')} belong to folder`)
  })

type Image = z.infer<typeof imageShape>

const shape = z.strictObject({
  images: z.array(imageShape),
  /** Folder with a kustomization.yaml, or with plain YAML files. */
  manifests: filled,
})

export type LabWorkload = {
  readonly file: string
  readonly images: readonly ImageSource[]
  readonly ready: readonly ReadySource[]
  readonly manifests: string
}

/**
 * Reads `workload.yaml` (the file, or the folder that contains it). Paths in it are relative to its folder. @throws LabError listing all
 * problems
 */
export function readWorkload(path: string): LabWorkload {
  const file = path.endsWith('.yaml') ? resolve(path) : join(resolve(path), 'workload.yaml')
  const folder = dirname(file)
  const parsed = shape.safeParse(contentOf(file))
  if (!parsed.success)
    throw invalid(
      file,
      parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`),
    )
  const images = parsed.data.images.flatMap(({ name, entry, from }) =>
    entry === undefined ? [] : [{ name, entry: resolve(folder, entry), ...(from === undefined ? {} : { from }) }],
  )
  const ready = parsed.data.images.flatMap((image) => readySource(folder, image))
  const manifests = resolve(folder, parsed.data.manifests)
  const places = ready.map((each) => (each.kind === 'folder' ? each.folder : each.archive))
  const missing = [...images.map((each) => each.entry), ...places, manifests].filter((each) => !existsSync(each))
  if (missing.length > 0)
    throw invalid(
      file,
      missing.map((each) => `${each} does not exist`),
    )
  return { file, images, ready, manifests }
}

function readySource(base: string, image: Image): ReadySource[] {
  const { name, folder, archive, entrypoint, arguments: given, env, workingDir, user } = image
  if (archive !== undefined) return [{ kind: 'archive', name, archive: resolve(base, archive) }]
  if (folder === undefined || entrypoint === undefined) return []
  const start = {
    entrypoint,
    ...(given ? { arguments: given } : {}),
    env: env ?? {},
    ...(workingDir ? { workingDir } : {}),
    ...(user ? { user } : {}),
  }
  return [{ kind: 'folder', name, folder: resolve(base, folder), ...start }]
}

function contentOf(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new LabError({
      code: 'workload-unreadable',
      problem: `cannot read ${file}: ${messageOf(cause)}`,
      next: 'name a folder that contains a workload.yaml with --workload.',
      cause,
    })
  }
}

const invalid = (file: string, problems: readonly string[]): LabError =>
  new LabError({
    code: 'workload-invalid',
    problem: `${file} is not a workload:\n  ${problems.join('\n  ')}`,
    next: 'fix it; docs/how-to/use-your-own-services.md shows an example.',
  })
