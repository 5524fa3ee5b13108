/** Each line of lines.ts can fail: none is content with a kubectl that does nothing, or that always fails. */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { tempFolder } from '../../support/temp-folder.ts'
import { FILES, LINES, type Line } from './lines.ts'

/** Some lines wait until kubectl says something. */
const GIVEN_UP_MS = 1_500
const AT_ONCE = 4

/** The lines that pass with a kubectl that runs this script. */
async function passing(script: string): Promise<readonly string[]> {
  const folder = tempFolder()
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin', 'kubectl'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text)
  const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}`, TERM: 'dumb' }
  const passes = ({ types, says, code = 0 }: Line) =>
    new Promise<boolean>((resolve) => {
      const child = execFile('sh', ['-c', types], { cwd: folder, env, timeout: GIVEN_UP_MS }, (error, out, err) =>
        resolve((error === null ? 0 : error.code) === code && says.test((out + err).trim())),
      )
      child.stdin?.end()
    })
  const left = [...LINES]
  const passed: string[] = []
  const work = async () => {
    for (let line = left.shift(); line !== undefined; line = left.shift())
      if (await passes(line)) passed.push(line.types)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return passed
}

it('a kubectl that does nothing satisfies only lines that expect no output', { timeout: 60_000 }, async () => {
  const quiet = LINES.filter(({ says }) => says.source === '^$').map(({ types }) => types)
  expect(await passing('exit 0')).toEqual(quiet)
})

it('a kubectl that always fails satisfies no line', { timeout: 60_000 }, async () => {
  expect(await passing('echo "error: no connection" >&2; exit 1')).toEqual([])
})

it('a kubectl that repeats its arguments satisfies no line', { timeout: 60_000 }, async () => {
  expect(await passing('echo "$@"')).toEqual([])
})
