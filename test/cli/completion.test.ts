import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { performed } from '../support/command.ts'
import { tempFolder } from '../support/temp-folder.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0

async function scriptOf(shell: string): Promise<string> {
  const file = join(tempFolder(), `completion.${shell}`)
  writeFileSync(file, (await performed('completion', shell)).stdout)
  return file
}

/** What bash offers for the last word, in a folder with a file and a folder. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const folder = tempFolder()
  mkdirSync(join(folder, 'reports here'))
  writeFileSync(join(folder, 'peak.rehearsal.yaml'), '')
  const code = `source ${await scriptOf('bash')}
    COMP_WORDS=(${['matchday', ...words].map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
    compopt() { :; }
    _matchday; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', code], { cwd: folder, encoding: 'utf8' })
  expect(stderr).toBe('')
  return stdout.split('\n').filter((line) => line !== '')
}

describe.skipIf(!has('bash'))('completion in bash', () => {
  it.each([
    ['commands', ['pl'], ['plan']],
    ['commands of a command', ['lab', ''], ['up', 'status', 'keda', 'karpenter', 'down']],
    ['flags', ['run', '--out'], ['--output']],
    ['flags after an argument', ['run', 'x.yaml', '--keep'], ['--keep-lab']],
    ['values that are known', ['lab', 'status', '--output', ''], ['text', 'json', 'kubeconfig']],
    ['values after the short flag', ['run', '-o', 'j'], ['json']],
    ['values after =', ['run', '--output', '=', 'j'], ['json']],
    ['all values after =', ['run', '--output', '='], ['text', 'json']],
    ['words that an argument may be', ['completion', ''], ['bash', 'zsh', 'fish']],
    ['files for a rehearsal', ['plan', 'pe'], ['peak.rehearsal.yaml']],
    ['only folders for a folder', ['run', '--reports', ''], ['reports here']],
    ['nothing where the value is free text', ['run', '--context', ''], []],
    ['no flag of another command', ['plan', '--seed'], []],
  ])('offers %s', async (_, words, expected) => {
    expect(await offered(...words)).toEqual(expected)
  })
})

describe('completion', () => {
  it('has the commands and flags of --help in every shell', async () => {
    const scripts = await Promise.all(SHELLS.map(async (shell) => (await performed('completion', shell)).stdout))
    const names = async (...path: string[]): Promise<string[]> => {
      const { stdout } = await performed(...path, '--help')
      const flags = [...stdout.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)].map(([, flag = '']) => flag)
      const below = [...(stdout.split('Commands:')[1] ?? '').matchAll(/^ {2}([a-z]+) /gm)].map(([, name = '']) => name)
      const commands = path.length > 1 ? [] : below.filter((name) => name !== 'help')
      const deeper: string[] = []
      for (const name of commands) deeper.push(...(await names(...path, name)))
      return [...new Set([...flags, ...commands, ...deeper])]
    }
    const expected = await names()
    expect(expected).toEqual(expect.arrayContaining(['run', 'toolchain', 'overlay', 'keda', 'sign-key']))
    for (const script of scripts) expect(expected.filter((name) => !script.includes(name))).toEqual([])
  })

  it.each(SHELLS.filter(has))('is a script that %s accepts', async (shell) => {
    const { status, stderr } = spawnSync(shell, ['-n', await scriptOf(shell)], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  it.skipIf(!has('fish'))('offers commands and values in fish', async () => {
    const file = await scriptOf('fish')
    const ask = (line: string) =>
      spawnSync('fish', ['--no-config', '-c', `source ${file}; complete -C '${line}'`], { encoding: 'utf8' }).stdout
    expect(ask('matchday pl')).toMatch(/^plan\t/)
    expect(ask('matchday run --output ')).toMatch(/^json\t.*\ntext\t/)
  })

  it('is refused for an unknown shell', async () => {
    const { code, stderr } = await performed('completion', 'tcsh')
    expect(stderr).toContain('there is no shell "tcsh"')
    expect(code).toBe(2)
  })
})
