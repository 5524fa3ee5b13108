#!/usr/bin/env -S node --max-semi-space-size=8
// The command itself. matchday is TypeScript that Node 24 runs as it is; under an older Node this file hands over to the Node 24 that
// npm installed. It must stay plain JavaScript that Node 20 reads. The young generation is bounded (the scripts of package.json
// do the same): on a big machine V8 lets it grow to 192 MB, which makes watching ten thousand pods take 392 MB at the peak instead of 178,
// and judging no faster.
import * as nodeModule from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isNewEnough, runWithNode } from './node.mjs'

const main = join(dirname(fileURLToPath(import.meta.url)), 'main.ts')

if (isNewEnough()) {
  // Types are stripped and code is compiled once, not at each start: two thirds of a short command's processor time.
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  nodeModule.enableCompileCache(join(cache, 'matchday', 'compile-cache'))
  await import(main)
} else {
  runWithNode([...process.execArgv, main, ...process.argv.slice(2)], { lifeline: true })
}
