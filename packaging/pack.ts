/**
 * npm packs package.json as it is. `prepack` builds and puts the published manifest in its place, `postpack` puts the original back. A pack that was
 * killed in between leaves the published one; the next `prepack` or `postpack` repairs that.
 */
import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NODE_MIN_COMPILED } from '../src/cli/node.mjs'
import { buildPackage } from './build.ts'
import { publishedManifest } from './manifests.ts'

const manifest = join(import.meta.dirname, '..', 'package.json')
const original = `${manifest}.original`

function restore(): void {
  if (existsSync(original)) renameSync(original, manifest)
}

async function main(step: string | undefined): Promise<void> {
  restore()
  if (step === 'postpack') return
  await buildPackage()
  if (step !== 'prepack') return
  const published = publishedManifest(JSON.parse(readFileSync(manifest, 'utf8')), NODE_MIN_COMPILED)
  copyFileSync(manifest, original)
  writeFileSync(manifest, `${JSON.stringify(published, undefined, 2)}\n`)
}

await main(process.argv[2])
