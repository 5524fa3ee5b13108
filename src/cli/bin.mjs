#!/usr/bin/env -S node --max-semi-space-size=8
// The command itself. matchday is TypeScript that Node 24 runs as it is; under an older Node this file hands over to the Node 24 that
// npm installed beside it. It must stay plain JavaScript that Node 20 reads. The young generation is bounded (the scripts of package.json
// do the same): on a big machine V8 lets it grow to 192 MB, which makes watching ten thousand pods take 392 MB at the peak instead of 178,
// and judging no faster.
import { spawn } from 'node:child_process'
import * as nodeModule from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = join(dirname(fileURLToPath(import.meta.url)), 'main.ts')
const major = Number(process.versions.node.split('.')[0])

if (major >= 24) {
  // Types are stripped and code is compiled once, not at each start: two thirds of a short command's processor time.
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  nodeModule.enableCompileCache(join(cache, 'matchday', 'compile-cache'))
  await import(main)
} else {
  const node = join(dirname(nodeModule.createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node')
  // The pipe on descriptor 3 tells the child when this process is gone, however it went.
  const child = spawn(node, [...process.execArgv, main, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, MATCHDAY_LIFELINE_FD: '3' },
  })
  // A terminal sends Ctrl-C to both processes; the child counts signals that arrive together once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`matchday: cannot start Node 24 at ${node}: ${error.message}\n  Next: npm ci`)
    process.exitCode = 5
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143)
  })
}
