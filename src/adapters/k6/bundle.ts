/** Bundles a user's scenario once per content. A manifest beside the bundle lists the files that it was made from. */
import { createHash, randomUUID } from 'node:crypto'
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { StatsError } from 'webpack'
import type { Issue, Parsed } from '../../domain/issue.ts'
import { isSome } from '../../domain/units.ts'
import { BUNDLE_FORMAT, scenarioBundle } from './bundle-config.ts'

/** What a bundle was made from: files with the digest of their content. */
type Manifest = { readonly bundle: string; readonly files: Readonly<Record<string, string>> }

export type Bundle = {
  readonly file: string
  /** It reads matchday's load plan. */
  readonly usesLibrary: boolean
  /** It has code from a folder `node_modules`, which k6 does not look into. */
  readonly usesPackages: boolean
  /** The files that it was made from, those of packages left out. */
  readonly sources: readonly string[]
}

/** The module that reads the load plan. In an installed package the library for scripts is one file (packaging/build.ts). */
const LIBRARY = /\/wire\/load-plan\.[jt]s$|\/matchday(?:-lab)?\/dist\/k6\.js$/
const PACKAGE = /\/node_modules\//

/** The scenario's bundle in `cacheFolder`. Issues are errors of the user: a missing file, a syntax error, a wrong import. */
export async function bundle(script: string, cacheFolder: string): Promise<Parsed<Bundle>> {
  const source = resolve(script)
  if (!(await exists(source))) return { ok: false, issues: [missing(script)] }
  const manifestFile = join(cacheFolder, `${digest(`${BUNDLE_FORMAT} ${source}`).slice(0, 20)}.json`)
  const known = await upToDate(manifestFile)
  return known === undefined ? compile(script, source, cacheFolder, manifestFile) : { ok: true, value: bundleOf(known) }
}

function bundleOf({ bundle: file, files }: Manifest): Bundle {
  const all = Object.keys(files)
  return {
    file,
    usesLibrary: all.some((each) => LIBRARY.test(each)),
    usesPackages: all.some((each) => PACKAGE.test(each)),
    sources: all.filter((each) => !PACKAGE.test(each)),
  }
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )

const digest = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex')

async function upToDate(manifestFile: string): Promise<Manifest | undefined> {
  try {
    const manifest: Manifest = JSON.parse(await readFile(manifestFile, 'utf8'))
    const same = await Promise.all(
      Object.entries(manifest.files).map(async ([file, was]) => digest(await readFile(file)) === was),
    )
    return same.every(Boolean) && (await exists(manifest.bundle)) ? manifest : undefined
  } catch {
    return undefined
  }
}

async function compile(
  script: string,
  source: string,
  cacheFolder: string,
  manifestFile: string,
): Promise<Parsed<Bundle>> {
  // Written to a temporary path and renamed, so that a concurrent or interrupted run never sees a partial bundle.
  const aside = join(cacheFolder, `aside-${randomUUID()}`)
  await mkdir(aside, { recursive: true })
  try {
    const { errors, files } = await webpackOnce(source, aside)
    const issues = errors.map((error) => issueOf(error, script))
    if (isSome(issues)) return { ok: false, issues }
    const text = await readFile(join(aside, 'scenario.js'))
    const made = join(cacheFolder, `${digest(text).slice(0, 20)}.js`)
    await rename(join(aside, 'scenario.js'), made)
    const digests = await Promise.all(files.map(async (file) => [file, digest(await readFile(file))] as const))
    const manifest: Manifest = { bundle: made, files: Object.fromEntries(digests) }
    await writeFile(join(aside, 'manifest.json'), JSON.stringify(manifest))
    await rename(join(aside, 'manifest.json'), manifestFile)
    return { ok: true, value: bundleOf(manifest) }
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/** Loading webpack takes a third of a second. A cached bundle avoids it. */
async function webpackOnce(source: string, folder: string): Promise<{ errors: StatsError[]; files: string[] }> {
  const { default: webpack } = await import('webpack')
  const compiler = webpack(scenarioBundle(source, folder, 'scenario.js'))
  if (compiler === null) throw new Error('webpack made no compiler')
  try {
    return await new Promise((done, fail) => {
      compiler.run((error, stats) => {
        if (error || !stats) return fail(error ?? new Error('webpack gave no result'))
        const { modules, fileDependencies } = stats.compilation
        const loaded = [...modules].flatMap((module) => module.nameForCondition() ?? [])
        const files = [...fileDependencies].filter((file) => loaded.includes(file))
        done({ errors: stats.toJson({ all: false, errors: true, moduleTrace: false }).errors ?? [], files })
      })
    })
  } finally {
    await new Promise((closed) => compiler.close(closed))
  }
}

const missing = (script: string): Issue => ({
  at: { file: script, line: 0, column: 0 },
  code: 'load-script-missing',
  problem: 'There is no such file.',
  next: 'correct load.script; the path counts from the rehearsal file.',
})

/** esbuild gives the position of a syntax error in its text; webpack gives the position of an import in a field. */
function issueOf(error: StatsError, script: string): Issue {
  const syntax = /^(.+):(\d+):(\d+): ERROR: (.+)$/m.exec(error.message ?? '')
  if (syntax) {
    const [, file = script, line, column, problem = ''] = syntax
    const at = { file, line: Number(line), column: Number(column) + 1 }
    return { at, code: 'load-script-syntax', problem, next: 'correct the script.' }
  }
  const [line = 0, column = 0] = (error.loc ?? '').split(/[:-]/).map(Number)
  const file = error.moduleIdentifier?.split('!').at(-1) ?? script
  return {
    at: { file, line, column: column + 1 },
    code: 'load-script-import',
    problem: (error.message ?? '').split('\n')[0] ?? '',
    next: 'correct the import; a scenario may import k6, files by relative path with their extension, and installed packages.',
  }
}
