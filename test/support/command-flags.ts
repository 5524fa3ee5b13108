import { readFileSync } from 'node:fs'

/** What the command's first line gives Node: a process that stands for it starts with the same. */
export const commandFlags: readonly string[] = (() => {
  const [first = ''] = readFileSync(new URL('../../src/cli/bin.mjs', import.meta.url), 'utf8').split('\n')
  const [, flags] = /^#!\/usr\/bin\/env -S node (\S.*)$/.exec(first) ?? []
  if (flags === undefined) throw new Error(`the first line of bin.mjs gives Node no flags: ${first}`)
  return flags.split(' ')
})()
