/**
 * lab/workload: what runs in the lab. A workload is a folder with a `workload.yaml` that names its images (bundled from TypeScript) and its
 * kustomization. The reference platform is one; a user's own services are another. The lab knows neither by name.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { LabError } from '../machine/lab-error.ts'

const shape = z.strictObject({
  images: z.array(
    z.strictObject({ name: z.string().min(1), entry: z.string().min(1), from: z.string().min(1).optional() }),
  ),
  /** Folder with a kustomization.yaml. */
  manifests: z.string().min(1),
})

export type Workload = {
  readonly file: string
  readonly images: readonly { readonly name: string; readonly entry: string; readonly from?: string }[]
  readonly manifests: string
}

/**
 * Reads `workload.yaml` (the file, or the folder that contains it). Paths in it are relative to its folder. @throws LabError listing all
 * problems
 */
export function readWorkload(path: string): Workload {
  const file = path.endsWith('.yaml') ? resolve(path) : join(resolve(path), 'workload.yaml')
  const folder = dirname(file)
  const parsed = shape.safeParse(contentOf(file))
  if (!parsed.success)
    throw invalid(
      file,
      parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`),
    )
  const images = parsed.data.images.map(({ name, entry, from }) => ({
    name,
    entry: resolve(folder, entry),
    ...(from === undefined ? {} : { from }),
  }))
  const manifests = resolve(folder, parsed.data.manifests)
  const missing = [...images.map((each) => each.entry), join(manifests, 'kustomization.yaml')].filter(
    (each) => !existsSync(each),
  )
  if (missing.length > 0)
    throw invalid(
      file,
      missing.map((each) => `${each} does not exist`),
    )
  return { file, images, manifests }
}

function contentOf(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new LabError({
      code: 'workload-unreadable',
      problem: `cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
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
