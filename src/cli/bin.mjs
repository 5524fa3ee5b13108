#!/usr/bin/env -S node --max-semi-space-size=8
// The command itself, also as `kubectl matchday`. Under a Node that is too old this file hands over to a newer one where it is installed
// (node.mjs). It must stay plain JavaScript that Node 20 reads. The young generation is bounded (the scripts of package.json do the same): on a
// big machine V8 lets it grow to 192 MB, which makes watching ten thousand pods take 392 MB at the peak instead of 178, and judging no faster.
import * as nodeModule from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { mainFile } from './main-file.mjs'
import { isNewEnough, runWithNode } from './node.mjs'

const main = mainFile()

if (isNewEnough()) {
  // Code is compiled once, not at each start (and in a checkout, types are stripped once): two thirds of a short command's processor time.
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  nodeModule.enableCompileCache(join(cache, 'matchday', 'compile-cache'))
  await import(main)
} else {
  runWithNode([...process.execArgv, main, ...process.argv.slice(2)], { lifeline: true })
}
