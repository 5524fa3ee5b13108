import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ownFile } from '../machine/own-file.ts'
import type { ImageSource } from './image-source.ts'

/** What a set of bundles was made from. It is current while the sources, the build recipe and all files are the same. */
export type BundleRecord = {
  recipe: string
  sources: readonly (readonly [string, string])[]
  files: Record<string, FileMark>
}

type FileMark = { size: number; mtimeMs: number; sha256: string }

const RECORD = 'made-from.json'

export function recordOf(sources: readonly ImageSource[], files: readonly string[]): BundleRecord {
  const marks = files.filter(isFile).map((path): [string, FileMark] => {
    const { size, mtimeMs } = statSync(path)
    return [path, { size, mtimeMs, sha256: sha256(readFileSync(path)) }]
  })
  return { recipe: recipe(), sources: namesOf(sources), files: Object.fromEntries(marks) }
}

export function saveRecord(folder: string, record: BundleRecord): void {
  writeFileSync(join(folder, RECORD), JSON.stringify(record), { mode: 0o644 })
}

/** False when in doubt: building again is always correct. */
export function isCurrent(folder: string, sources: readonly ImageSource[]): boolean {
  if (!existsSync(join(folder, RECORD))) return false
  try {
    const record: BundleRecord = JSON.parse(readFileSync(join(folder, RECORD), 'utf8'))
    if (record.recipe !== recipe() || JSON.stringify(record.sources) !== JSON.stringify(namesOf(sources))) return false
    return Object.entries(record.files).every(([path, mark]) => isUnchanged(path, mark))
  } catch {
    return false
  }
}

const namesOf = (sources: readonly ImageSource[]) => sources.map(({ name, entry }) => [name, entry] as const)

/** A fresh checkout changes the times but not the content. */
function isUnchanged(path: string, mark: FileMark): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.size !== mark.size) return false
  return found.mtimeMs === mark.mtimeMs || sha256(readFileSync(path)) === mark.sha256
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')

/** A hash of how bundles are made: Node, the bundler, and its settings. */
function recipe(): string {
  const require = createRequire(import.meta.url)
  const parts = ['webpack/package.json', 'esbuild/package.json', 'esbuild-loader/package.json'].map((path) =>
    readFileSync(require.resolve(path)),
  )
  return sha256(
    Buffer.concat([
      Buffer.from(process.version),
      ...parts,
      readFileSync(ownFile('./webpack-config.ts', import.meta.url)),
    ]),
  )
}
