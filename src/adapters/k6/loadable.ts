/**
 * How a script gets into k6. k6 loads a plain script itself, from where it lies. A script is bundled if it needs what k6 does not have: packages of npm,
 * or matchday's library, which reads the load plan.
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Issue } from '../../domain/issue.ts'
import type { Some } from '../../domain/units.ts'
import { type Bundle, bundle } from './bundle.ts'
import { bundleWithEntry, entryFor } from './entry.ts'

export type Loadable = {
  readonly bundled: boolean
  /** The file that k6 reads from stdin. */
  readonly file: string
  /** The script builds its load from the plan by itself. */
  readonly usesLibrary: boolean
  /** Files of the user that it consists of, the script first. */
  readonly sources: readonly string[]
}

/** The ways in which a script may be loaded, the best one first. `issues`: why it cannot be bundled. */
export type Ways = { readonly ways: readonly Loadable[]; readonly issues: readonly Issue[] }

export async function waysToLoad(script: string, cacheFolder: string): Promise<Ways> {
  const source = resolve(script)
  const bundled = await bundle(script, cacheFolder)
  if (!bundled.ok) {
    const isMissing = bundled.issues.some(({ code }) => code === 'load-script-missing')
    return { ways: isMissing ? [] : [await plain(source, [source], cacheFolder)], issues: bundled.issues }
  }
  const { usesLibrary, usesPackages, sources } = bundled.value
  const asBundle = await fromBundle(bundled.value, source, cacheFolder)
  if (usesLibrary || usesPackages) return { ways: [asBundle], issues: [] }
  return { ways: [await plain(source, ordered(source, sources), cacheFolder), asBundle], issues: [] }
}

async function plain(source: string, sources: Some<string>, cacheFolder: string): Promise<Loadable> {
  return { file: await kept(entryFor(source), cacheFolder), bundled: false, usesLibrary: false, sources }
}

async function fromBundle(made: Bundle, source: string, cacheFolder: string): Promise<Loadable> {
  const text = bundleWithEntry(await readFile(made.file, 'utf8'))
  const { usesLibrary, sources } = made
  return { file: await kept(text, cacheFolder), bundled: true, usesLibrary, sources: ordered(source, sources) }
}

const ordered = (first: string, all: readonly string[]): Some<string> => [
  first,
  ...all.filter((file) => file !== first),
]

/** Written under the name of its content, so that a concurrent run finds it whole or not at all. */
async function kept(text: string, cacheFolder: string): Promise<string> {
  const file = join(cacheFolder, `entry-${createHash('sha256').update(text).digest('hex').slice(0, 20)}.js`)
  await mkdir(cacheFolder, { recursive: true })
  // Two loads of one process may start at once, as in a comparison.
  const aside = `${file}.${randomUUID()}`
  await writeFile(aside, text)
  await rename(aside, file)
  return file
}
