import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { isChecked } from '../../src/cli/flags.ts'
import { program } from '../../src/cli/program.ts'
import { performed } from '../support/command.ts'
import { commandFlags } from '../support/command-flags.ts'
import { tempFolder } from '../support/temp-folder.ts'

const matchday = (...args: string[]) =>
  spawnSync(process.execPath, ['src/cli/bin.mjs', ...args], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
    timeout: 30_000,
  })

const leavesOf = (command: Command, above = ''): readonly (readonly [string, Command])[] =>
  command.commands.flatMap((each) => {
    const words = `${above}${each.name()}`
    return each.commands.length > 0 ? leavesOf(each, `${words} `) : [[words, each] as const]
  })
const leaves = leavesOf(program(() => undefined))
const commands = leaves.map(([words]) => words)

describe('the command line', () => {
  it.each(commands)('explains %s on --help with exit code 0', async (command) => {
    const { code, stdout } = await performed(...command.split(' '), '--help')
    expect(code).toBe(0)
    expect(stdout).toContain(`matchday ${command}`)
  })

  it('loads neither a bundler nor a Kubernetes client for --help', () => {
    const folder = tempFolder()
    const spy = join(folder, 'spy.mjs')
    const seen = join(folder, 'seen')
    writeFileSync(
      spy,
      `import { appendFileSync } from 'node:fs'
       import { registerHooks } from 'node:module'
       registerHooks({ load: (url, context, next) => (appendFileSync(${JSON.stringify(seen)}, url + '\\n'), next(url, context)) })`,
    )
    const { status } = spawnSync(process.execPath, ['--import', spy, 'src/cli/bin.mjs', '--help'], { timeout: 30_000 })
    const loaded = readFileSync(seen, 'utf8')
    expect(status).toBe(0)
    expect(loaded).toContain('/node_modules/commander/')
    expect(loaded).not.toMatch(/node_modules\/(webpack|esbuild|@kubernetes|pg)\//)
  })

  it('starts Node with the same flags from its first line and from the scripts of package.json', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
    const command = ['node', ...commandFlags, 'src/cli/bin.mjs'].join(' ')
    expect(scripts.matchday).toBe(command)
    expect(scripts.start?.startsWith(`${command} run `)).toBe(true)
  })

  it('is started by its first line (shebang)', () => {
    const [first] = readFileSync('src/cli/bin.mjs', 'utf8').split('\n')
    const copy = join(tempFolder(), 'matchday.mjs')
    writeFileSync(copy, `${first}\nawait import(${JSON.stringify(resolve('src/cli/bin.mjs'))})\n`, { mode: 0o755 })
    const { status, stdout } = spawnSync(copy, ['--version'], { encoding: 'utf8' })
    expect(status).toBe(0)
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it.each(commands)('has examples in the help of %s, with files and contexts that exist', async (command) => {
    const { stdout: help } = await performed(...command.split(' '), '--help')
    expect(help).toContain(`Examples:\n  `)
    expect(help).toMatch(new RegExp(`^  .*matchday ${command}`, 'm'))
    const named = help.match(/(?:scenarios|test|chaos)\/\S+|--context \S+/g) ?? []
    for (const each of named) {
      if (each.startsWith('--context')) expect(each).toMatch(/^--context (NAME|<name>)$/)
      else expect(existsSync(each), each).toBe(true)
    }
  })

  // Any text is right, or a file is read and every problem with it is told with its line.
  const FREE = ['--context', '--target', '--about', '--reason', '--as', '--role']
  it.each(leaves)('checks the values of all flags of %s before it starts', (_, command) => {
    const unchecked = command.options.filter((option) => (option.required || option.optional) && !isChecked(option))
    expect(unchecked.map(({ long }) => long).filter((long) => !FREE.includes(long ?? ''))).toEqual([])
  })

  it('shows every exit code in its help', () => {
    const { stdout } = matchday('--help')
    for (const code of [0, 1, 2, 3, 4, 5, 6, 70]) expect(stdout).toMatch(new RegExp(`\\b${code} [a-z]`))
  })

  it.each([
    [['frobnicate'], 'unknown command'],
    [['run', '--frobnicate'], 'unknown option'],
    [['run'], "missing required argument 'rehearsal'"],
  ])('answers %j with exit code 2 and says why', (args, words) => {
    const { status, stderr } = matchday(...args)
    expect(status).toBe(2)
    expect(stderr).toContain(words)
  })

  it('refuses to guess a cluster', () => {
    const { status, stderr } = matchday('run', 'scenarios/psp-down-at-peak.rehearsal.yaml')
    expect(status).toBe(2)
    expect(stderr).toContain('Next: Say --lab')
  })

  it('names a missing file and the next step', () => {
    const { status, stderr } = matchday('plan', 'nowhere.rehearsal.yaml', '--lab', '--offline')
    expect(status).toBe(2)
    expect(stderr).toContain('nowhere.rehearsal.yaml')
    expect(stderr).toContain('Next:')
  })

  it('refuses a context that the rehearsal does not allow', () => {
    const { status, stderr } = matchday(
      'plan',
      'scenarios/psp-down-at-peak.rehearsal.yaml',
      '--context',
      'production',
      '--offline',
      '--target',
      'scenarios/targets/lab.yaml',
    )
    expect(status).toBe(2)
    expect(stderr).toContain('context-not-allowed')
  })

  it('reports every issue of a bad rehearsal at once, with path and line', () => {
    const folder = tempFolder()
    const file = join(folder, 'bad.rehearsal.yaml')
    writeFileSync(
      file,
      'apiVersion: matchday.dev/v1\nkind: Rehearsal\nmetadata: {name: bad}\nspec:\n  hypotesis: typo\n  timeline:\n    - {phase: peak, for: 20, load: 2.5}\n',
    )
    const { status, stderr } = matchday('plan', file, '--lab', '--offline', '--target', 'scenarios/targets/lab.yaml')
    expect(status).toBe(2)
    expect(stderr).toMatch(/bad\.rehearsal\.yaml:5 /)
    expect(stderr).toMatch(/bad\.rehearsal\.yaml:7 /)
  })

  it('judges nothing without a journal', () => {
    const { status, stderr } = matchday('judge', tempFolder())
    expect(status).toBe(5)
    expect(stderr).toContain('journal.ndjson')
  })
})
