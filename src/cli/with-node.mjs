// `node src/cli/with-node.mjs vitest run` runs a tool of node_modules/.bin, or a file of this repository, with the Node that runs matchday.
// package.json's scripts start through it, so that they work whatever Node the user has. Options before the program go to Node.
import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runWithNode } from './node.mjs'

const bin = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url))

const args = process.argv.slice(2)
const at = args.findIndex((each) => !each.startsWith('-'))
const program = args[at]
if (program === undefined) {
  console.error('usage: node src/cli/with-node.mjs [Node options] <tool or file> [arguments]')
  process.exitCode = 2
} else {
  const tool = join(bin, program)
  runWithNode([...args.slice(0, at), existsSync(tool) ? realpathSync(tool) : program, ...args.slice(at + 1)])
}
