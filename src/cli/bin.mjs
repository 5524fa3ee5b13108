#!/usr/bin/env -S node --max-semi-space-size=8
// The command itself, also as `kubectl matchday`. Under a Node that is too old this file hands over to a newer one where it is installed
// (node.mjs). It must stay plain JavaScript that Node 20 reads. The young generation is bounded (the scripts of package.json do the same): on a
// big machine V8 lets it grow to 192 MB, which makes watching ten thousand pods take 392 MB at the peak instead of 178, and judging no faster.
import { fileURLToPath } from 'node:url'
import { isNewEnough, runWithNode } from './node.mjs'

const program = new URL('./cached-main.mjs', import.meta.url)

if (isNewEnough()) await import(program.href)
else runWithNode([...process.execArgv, fileURLToPath(program), ...process.argv.slice(2)], { lifeline: true })
