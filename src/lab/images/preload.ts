import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { transform } from 'esbuild'

/** Writes preload/mounts.cts as plain JavaScript for Node 20 and above, and returns its text. */
export async function bundlePreload(file: string): Promise<string> {
  const source = readFileSync(join(import.meta.dirname, 'preload', 'mounts.cts'), 'utf8')
  const { code } = await transform(source, { loader: 'ts', format: 'cjs', target: 'node20' })
  const aside = `${file}.${process.pid}`
  writeFileSync(aside, code, { mode: 0o644 })
  renameSync(aside, file)
  return code
}
