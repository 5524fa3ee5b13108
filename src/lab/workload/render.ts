/**
 * Renders manifests with the kustomize that is built into kubectl. Overlays are kustomize components, so `kubectl apply -k` works with them
 * too.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { LabError } from '../machine/lab-error.ts'

export type Manifest = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string } & Readonly<Record<string, unknown>>
} & Readonly<Record<string, unknown>>

const run = promisify(execFile)

/**
 * Renders manifests with components on top, in the given order: a folder with a kustomization.yaml, a folder of plain YAML, or one YAML file. @throws
 * LabError with kustomize's own message
 */
export async function renderManifests(
  kubectl: string,
  place: string,
  overlays: readonly string[],
): Promise<readonly Manifest[]> {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'matchday-render-')))
  const from = (path: string) => relative(scratch, realpathSync(path))
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: resourcesOf(place).map(from),
    components: overlays.map(from),
  }
  try {
    writeFileSync(join(scratch, 'kustomization.yaml'), JSON.stringify(kustomization))
    const { stdout } = await run(kubectl, ['kustomize', '--load-restrictor', 'LoadRestrictionsNone', scratch], {
      maxBuffer: 32 << 20,
    })
    return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest)
  } catch (cause) {
    const words = (cause as { stderr?: string }).stderr ?? String(cause)
    throw new LabError({
      code: 'manifests-invalid',
      problem: `kustomize cannot render ${[place, ...overlays].join(' + ')}: ${words.trim()}`,
      next: statSync(place).isFile()
        ? `try: kubectl apply --dry-run=client -f ${place}`
        : `try: kubectl kustomize ${place}`,
      cause,
    })
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

/** As `kubectl apply -f` takes a folder: the YAML and JSON files in it, not those of its folders. */
function resourcesOf(place: string): readonly string[] {
  if (statSync(place).isFile() || KUSTOMIZATIONS.some((name) => existsSync(join(place, name)))) return [place]
  return readdirSync(place)
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort()
    .map((name) => join(place, name))
}
