import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { StatsCompilation } from 'webpack'
import { LabError } from '../machine/lab-error.ts'
import { type BundleRecord, isCurrent, recordOf, saveRecord } from './bundle-record.ts'
import type { ImageSource } from './image-source.ts'

/** The bundles of all sources, by image name. They come from the cache if no file that went into them has changed. */
export async function bundleServices(
  folder: string,
  sources: readonly ImageSource[],
  onProgress: (text: string) => void,
): Promise<ReadonlyMap<string, Buffer>> {
  if (sources.length === 0) return new Map()
  const cache = join(folder, '.bundles')
  if (isCurrent(cache, sources)) return read(cache, sources)
  onProgress(`bundling ${sources.length} services`)
  mkdirSync(folder, { recursive: true })
  const aside = mkdtempSync(join(folder, '.bundling-'))
  try {
    saveRecord(aside, await runWebpack(sources, aside))
    const bundles = read(aside, sources)
    rmSync(cache, { recursive: true, force: true })
    renameSync(aside, cache)
    return bundles
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** Image names contain slashes; file names cannot. */
const entryName = (source: ImageSource): string => source.name.replaceAll('/', '_')

function read(folder: string, sources: readonly ImageSource[]): Map<string, Buffer> {
  return new Map(sources.map((source) => [source.name, readFileSync(join(folder, `${entryName(source)}.cjs`))]))
}

async function runWebpack(sources: readonly ImageSource[], outputFolder: string): Promise<BundleRecord> {
  // Loading webpack takes a third of a second, so it is loaded only when there is something to bundle.
  const [{ default: webpack }, { serviceConfiguration }] = await Promise.all([
    import('webpack'),
    import('./webpack-config.ts'),
  ])
  const entries = Object.fromEntries(sources.map((source) => [entryName(source), source.entry]))
  const compiler = webpack(serviceConfiguration(entries, outputFolder))
  const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>()
  compiler.run((error, stats) => {
    if (error || !stats) return reject(failure(error?.message ?? 'webpack gave no result'))
    if (stats.hasErrors()) return reject(failure(wordsOf(stats.toJson({ all: false, errors: true }))))
    resolve([...stats.compilation.fileDependencies])
  })
  try {
    return recordOf(sources, await promise)
  } finally {
    await new Promise<void>((done) => compiler.close(() => done()))
  }
}

const wordsOf = (stats: StatsCompilation): string =>
  (stats.errors ?? [])
    .map((error) => [error.moduleName ?? error.file, error.message].filter(Boolean).join(': '))
    .join('\n  ')

const failure = (words: string): LabError =>
  new LabError({
    code: 'image-build-failed',
    problem: `webpack can't bundle the services:\n  ${words}`,
    next: 'fix the files named above; tsc also shows type errors.',
  })
