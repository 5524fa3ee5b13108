/** The GitHub Action: its inputs reach the command as the flags that it has. The step runs here in bash, as on a runner. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { performed } from '../support/command.ts'
import { tempFolder } from '../support/temp-folder.ts'

type Step = { readonly env?: Readonly<Record<string, string>>; readonly run?: string; readonly if?: string }
type Action = {
  readonly inputs: Readonly<Record<string, { readonly default?: string; readonly required?: boolean }>>
  readonly outputs: Readonly<Record<string, unknown>>
  readonly runs: { readonly steps: readonly Step[] }
}

const text = readFileSync('action.yml', 'utf8')
const action: Action = parse(text)
const script = readFileSync('packaging/action.sh', 'utf8')
const [step] = action.runs.steps

/** Performs the step with these inputs in a repository that has installed matchday. */
function perform(inputs: Readonly<Record<string, string>>) {
  const folder = tempFolder()
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true })
  symlinkSync(resolve('src/cli/bin.mjs'), join(folder, 'node_modules/.bin/matchday'))
  const file = (name: string) => {
    writeFileSync(join(folder, name), '')
    return join(folder, name)
  }
  const [output, summary] = [file('output'), file('summary')]
  const env = Object.entries(step?.env ?? {}).map(([name, expression]) => {
    const [, input = ''] = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(expression) ?? []
    return [name, inputs[input] ?? action.inputs[input]?.default ?? '']
  })
  const { status, stdout, stderr } = spawnSync('bash', ['-c', step?.run ?? ''], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    env: {
      ...process.env,
      ...Object.fromEntries(env),
      GITHUB_ACTION_PATH: resolve('.'),
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      NO_COLOR: '1',
    },
  })
  return {
    folder,
    status,
    stdout,
    stderr,
    output: readFileSync(output, 'utf8'),
    summary: readFileSync(summary, 'utf8'),
  }
}

describe('the GitHub Action', () => {
  it('uses every input, and no input that is not declared', () => {
    const used = [...text.matchAll(/inputs\.([\w-]+)/g)].map(([, name = '']) => name)
    expect(new Set(used)).toEqual(new Set(Object.keys(action.inputs)))
  })

  it('gives the script every variable that it reads', () => {
    const read = [...script.matchAll(/\$\{?([A-Z][A-Z_]+)/g)].map(([, name = '']) => name)
    const given = [...Object.keys(step?.env ?? {}), 'GITHUB_ACTION_PATH', 'GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY']
    expect(new Set(read)).toEqual(new Set(given))
  })

  it('passes only flags that `matchday run` has', async () => {
    const flags = [...script.matchAll(/[( ](--[a-z-]+) "\$[A-Z]/g)].map(([, flag = '']) => flag)
    const { stdout } = await performed('run', '--help')
    expect(flags).toEqual(['--reports', '--context', '--target'])
    for (const flag of flags) expect(stdout).toMatch(new RegExp(`^  ${flag} `, 'm'))
  })

  it('is described in the guide for CI', () => {
    const guide = readFileSync('docs/how-to/run-in-ci.md', 'utf8')
    for (const name of Object.keys(action.inputs)) expect(guide).toContain(`\`${name}\``)
  })

  it("ends with the command's exit code, and says so where no run began", () => {
    const { status, stderr, output, summary } = perform({ rehearsal: 'none.yaml', context: 'staging' })
    expect(stderr).toContain('none.yaml')
    expect(status).toBe(2)
    expect(output).toBe('exit-code=2\n')
    expect(summary).toContain('exit code 2 before a run began')
  })

  it('takes further words one a line, spaces and all', () => {
    const { stderr } = perform({ rehearsal: 'none.yaml', args: '--lab\n--seed\n1 2\n\n' })
    expect(stderr).toContain('1 2')
  })

  it('reads no input as code', () => {
    const { folder, status } = perform({
      rehearsal: '$(touch pwned)`touch pwned`',
      args: '$(touch pwned); touch pwned',
    })
    expect(status).not.toBe(0)
    expect(existsSync(join(folder, 'pwned'))).toBe(false)
  })
})
