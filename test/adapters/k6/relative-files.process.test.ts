/** Which file `open` and `import.meta.resolve` mean in each module of a script. The real k6 says it of the script as it lies; matchday's ways must agree. */
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, it } from 'vitest'
import { waysToLoad } from '../../../src/adapters/k6/loadable.ts'
import { spoken } from '../../../src/adapters/k6/log.ts'
import { archiveOf } from '../../../src/adapters/k6/runners/archive.ts'
import { resolveTool } from '../../../src/toolchain/toolchain.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { planOf } from './driving.ts'

let k6 = ''
beforeAll(async () => {
  k6 = (await resolveTool('k6')).path
})

/** Each file of data holds the name of its folder. */
const FILES = {
  'k6/data.txt': 'k6',
  'k6/lib/data.txt': 'lib',
  'k6/lib/deep/data.txt': 'deep',
  'k6/data/data.txt': 'data',
  'shared/data.txt': 'shared',
  'k6/main.ts': `'use strict'
import { SharedArray } from 'k6/data'
import { seen as users } from './lib/users.ts'
import { read } from './lib/read.ts'
import { shared } from '../shared/shared.js'
const old = require('./lib/old.js')
const list = new SharedArray('list', () => [open('./data.txt'), read('./data.txt')])
const resolve = import.meta.resolve
const seen = {
  users, shared, old,
  list: [...list],
  called: read('data.txt'),
  own: open('lib/../data/data.txt'),
  bytes: new Uint8Array(open(import.meta.resolve('./data.txt'), 'b')).length,
  url: open('file://' + __ENV.ROOT + '/k6/data/data.txt'),
  absolute: open(__ENV.ROOT + '/k6/data/data.txt'),
  resolved: open(resolve('./lib/deep/data.txt')),
  strict: (function () { return this === undefined })(),
  text: resolve('../shared/x').replace(__ENV.ROOT, ''),
}
console.log('SEEN ' + JSON.stringify(seen))
export default function (): void {}
`,
  'k6/lib/users.ts': `import { read } from './read.ts'
import { deep } from './deep/deep.ts'
export const seen = {
  own: open('./data.txt'),
  called: read('./data.txt'),
  up: open('../data/data.txt'),
  resolved: open(import.meta.resolve('./data.txt')),
  deep,
  after: open('data.txt'),
}
`,
  // The folder that counts is that of the module whose top level runs, and not this one.
  'k6/lib/read.ts': `export const read = (file: string): string => open(file)
`,
  'k6/lib/deep/deep.ts': `import { read } from '../read.ts'
export const deep = [open('./data.txt'), read('../data.txt'), open(import.meta.resolve('../../data/data.txt'))]
`,
  'k6/lib/old.js': `'use strict'
const before = open('./data.txt')
const other = require('./deep/other.js')
module.exports = { before, other, after: open('./data.txt'), strict: (function () { return this === undefined })() }
`,
  'k6/lib/deep/other.js': `module.exports = open('./data.txt')
`,
  'shared/shared.js': `export const shared = [open('./data.txt'), open('../k6/data/data.txt')]
`,
}

const EXPECTED = {
  users: {
    own: 'lib',
    called: 'lib',
    up: 'data',
    resolved: 'lib',
    deep: ['deep', 'lib', 'data'],
    after: 'lib',
  },
  shared: ['shared', 'data'],
  old: { before: 'lib', other: 'deep', after: 'lib', strict: true },
  list: ['k6', 'k6'],
  called: 'k6',
  own: 'data',
  bytes: 2,
  url: 'data',
  absolute: 'data',
  resolved: 'deep',
  strict: true,
  text: 'file:///shared/x',
}

function placed(): string {
  const root = join(tempFolder(), 'team')
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

type From = { readonly cwd: string; readonly stdin?: Buffer; readonly root: string }

/** What k6 prints of the files; the last time, because it loads a script for each VU. */
async function seenBy(args: readonly string[], { cwd, stdin, root }: From): Promise<unknown> {
  const flags = ['--include-system-env-vars', '--log-format', 'json']
  const env = { ...process.env, ROOT: root, K6_NO_USAGE_REPORT: 'true' }
  const running = promisify(execFile)(k6, [...args, ...flags], { cwd, env, timeout: 60_000 })
  running.child.stdin?.end(stdin)
  const { stderr } = await running
  const said = stderr.split('\n').map((line) => spoken(line).text)
  return JSON.parse(said.findLast((text) => text.startsWith('SEEN '))?.slice(5) ?? 'null')
}

it('relative paths mean the same files as with k6: as it lies, in a bundle, and in an archive for runners', async () => {
  const root = placed()
  const folder = join(root, 'k6')
  const script = join(folder, 'main.ts')
  expect(await seenBy(['inspect', 'main.ts'], { cwd: folder, root })).toEqual(EXPECTED)

  const cacheFolder = join(root, '../cache')
  const { ways } = await waysToLoad(script, cacheFolder)
  expect(ways.map(({ bundled }) => bundled)).toEqual([false, true])
  for (const { file } of ways)
    expect(await seenBy(['inspect', '-'], { cwd: folder, stdin: readFileSync(file), root })).toEqual(EXPECTED)

  const plan = planOf('http://127.0.0.1', {}, { env: { ROOT: root } })
  const { content } = await archiveOf({ binary: k6, cacheFolder, script, plan, credentials: {}, withheld: [] })
  const archive = join(root, '../load.tar')
  writeFileSync(archive, content)
  // A runner has nothing but the archive.
  renameSync(root, `${root}-elsewhere`)
  expect(await seenBy(['inspect', archive], { cwd: '/', root })).toEqual(EXPECTED)
}, 120_000)
