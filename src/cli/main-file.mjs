// Which file the command runs. This file must stay plain JavaScript that Node 20 reads.
//
// In a checkout it is main.ts. In the npm package it is main.js, or the main.js of the lab's package if that is installed: it contains the same
// program, and beside it the libraries that the lab and the reference platform need (docs/adr/0033).
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

export function mainFile() {
  if (existsSync(here('./main.ts'))) return here('./main.ts')
  const { name, version } = JSON.parse(readFileSync(here('../../package.json'), 'utf8'))
  return labMain(`${name}-lab`, version) ?? here('./main.js')
}

/** Only of the same version: both read the same files and the same state of a lab. Looked for beside this package, then in the user's project. */
function labMain(name, version) {
  for (const from of [import.meta.url, join(process.cwd(), 'any.js')]) {
    try {
      const manifest = createRequire(from).resolve(`${name}/package.json`)
      const found = JSON.parse(readFileSync(manifest, 'utf8')).version
      if (found === version) return join(dirname(manifest), 'dist', 'cli', 'main.js')
    } catch {
      // not installed here
    }
  }
  return undefined
}
