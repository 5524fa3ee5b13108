/** Every command's `-o json` against its published schema, on real output. */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { outputSchemas } from '../../src/cli/output-schemas.ts'
import { judge } from '../../src/judge/judge.ts'
import { performed } from '../support/command.ts'
import { everything } from '../support/evidence-everything.ts'
import { wrongIn } from '../support/output-schema.ts'
import { tempFolder } from '../support/temp-folder.ts'

const exampleRun = (): string => {
  const folder = join(tempFolder(), 'run')
  cpSync('reports/example', folder, { recursive: true })
  return folder
}

const STOCK = 'scenarios/psp-down-at-peak.rehearsal.yaml'
const OFFLINE = ['--lab', '--offline', '--output', 'json']

describe('the published schemas of output', () => {
  it.each(Object.entries(outputSchemas))(
    'docs/output/%s is what the tests check (mend with vitest -u)',
    async (name, schema) => {
      await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(`../../docs/output/${name}`)
    },
  )

  it('are all listed in docs/output/README.md', () => {
    const page = readFileSync('docs/output/README.md', 'utf8')
    expect(Object.keys(outputSchemas).filter((name) => !page.includes(`(${name})`))).toEqual([])
  })

  it.each<[string, string, (run: string) => readonly string[], number]>([
    ['judge', 'verdict', (run) => ['judge', run, '-o', 'json'], 0],
    ['report', 'report', (run) => ['report', run, '-o', 'json'], 0],
    ['history', 'history', (run) => ['history', '--reports', dirname(run), '-o', 'json'], 0],
    ['compare, of one stored run a side', 'comparison', (run) => ['compare', run, exampleRun(), '-o', 'json'], 3],
    ['plan', 'plan', () => ['plan', STOCK, ...OFFLINE], 0],
    ['plan, of a rehearsal with actions', 'plan', () => ['plan', 'scenarios/derby-day.rehearsal.yaml', ...OFFLINE], 0],
    ['a missing file', 'issues', () => ['plan', 'nowhere.rehearsal.yaml', ...OFFLINE], 2],
    ['a wrong flag', 'issues', () => ['judge', '--frobnicate', '--output=json'], 2],
    ['a wrong value', 'issues', () => ['run', STOCK, '--lab', '--seed', 'x', '-o', 'json'], 2],
    ['a run without a journal', 'issues', () => ['judge', tempFolder(), '-o', 'json'], 5],
  ])('hold for %s', async (_, schema, words, exitCode) => {
    const { code, stdout, stderr } = await performed(...words(exampleRun()))
    expect({ code, stderr }).toEqual({
      code: exitCode,
      stderr: schema === 'issues' ? expect.stringMatching(/\S/) : expect.any(String),
    })
    const document = JSON.parse(stdout) as { readonly exitCode?: number }
    expect(wrongIn(schema, document)).toEqual([])
    if (schema === 'issues') expect(document.exitCode).toBe(exitCode)
  })

  it('hold for every state of the lab', async () => {
    const { stdout } = await performed('lab', 'status', '-o', 'json')
    expect(wrongIn('lab', JSON.parse(stdout))).toEqual([])
  })

  it('hold for installed programs', async () => {
    const k6 = join(tempFolder(), 'k6')
    writeFileSync(k6, '#!/bin/sh\necho k6 v2.2.0\n', { mode: 0o755 })
    vi.stubEnv('MATCHDAY_K6', k6)
    const { code, stdout } = await performed('toolchain', 'build', 'k6', '-o', 'json')
    vi.unstubAllEnvs()
    expect({ code, document: JSON.parse(stdout) }).toEqual({
      code: 0,
      document: { format: 1, tools: { k6: { name: 'k6', path: k6, version: '2.2.0', source: 'given' } } },
    })
    expect(wrongIn('toolchain', JSON.parse(stdout))).toEqual([])
  })

  it.each([[[]], [['--dry-run']]])('hold for a toolchain that was cleaned with %j', async (flags) => {
    const cache = tempFolder()
    mkdirSync(join(cache, 'matchday', 'go-build'), { recursive: true })
    vi.stubEnv('XDG_CACHE_HOME', cache)
    vi.stubEnv('GOCACHE', '')
    vi.stubEnv('GOENV', 'off')
    const { code, stdout } = await performed('toolchain', 'clean', ...flags, '-o', 'json')
    vi.unstubAllEnvs()
    expect(code).toBe(0)
    expect(wrongIn('toolchain-clean', JSON.parse(stdout))).toEqual([])
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: flags.length > 0,
      removed: [{ what: 'compiled packages', path: join(cache, 'matchday', 'go-build') }],
    })
    expect(existsSync(join(cache, 'matchday', 'go-build'))).toBe(flags.length > 0)
  })

  it('hold for a verdict with one of everything', () => {
    expect(wrongIn('verdict', JSON.parse(JSON.stringify(judge(everything()))))).toEqual([])
  })

  it('do not hold for an unknown field', () => {
    const verdict = JSON.parse(readFileSync('reports/example/verdict.json', 'utf8')) as object
    expect(wrongIn('verdict', { ...verdict, surprise: 1 })).not.toEqual([])
  })
})

describe('flags', () => {
  it('with wrong values are reported together, before anything is started, with exit code 2', async () => {
    vi.stubEnv('MATCHDAY_SIGN_KEY', '/nowhere/key.pem')
    const file = join(tempFolder(), 'file')
    writeFileSync(file, '')
    const { code, stdout, stderr } = await performed(
      ...['run', 'nowhere.yaml', '--lab', '--context', 'other', '--kubeconfig', '/nowhere', '--seed', '-1'],
      ...['--workload', '/nowhere/w', '--overlay', '/nowhere/o', '--reports', join(file, 'reports'), '-o', 'yaml'],
    )
    vi.unstubAllEnvs()
    const flags = [...stderr.matchAll(/^(\S+) [a-z-]+$/gm)].map(([, flag]) => flag).sort()
    expect({ code, stdout, flags }).toEqual({
      code: 2,
      stdout: '',
      flags: [
        '--context',
        '--kubeconfig',
        '--output',
        '--overlay',
        '--reports',
        '--seed',
        '--workload',
        'MATCHDAY_SIGN_KEY',
      ],
    })
  })

  it.each<[readonly string[], string]>([
    [['plan', STOCK], 'no cluster was chosen'],
    [['check', '--lab', '--want', 'priority'], 'did you mean "priorities"?'],
    [['check', '--lab', '--namespace', 'Shop!'], '--namespace must be a name'],
    [['heal', '--lab', '--reports', '/nowhere'], 'there is no folder /nowhere'],
    [['judge', '--verify-key', '/nowhere'], 'openssl genpkey'],
    [['lab', 'up', '--workload', '/nowhere'], 'there is no /nowhere'],
    [['toolchain', 'build', 'k7'], 'did you mean "k6"?'],
    [['images', 'build', 'casino/walet'], 'did you mean "casino/wallet"?'],
    [['images', 'build', '--tag', 'a b', '--registry', 'https://Example'], 'is no prefix of an image name'],
    [['lab', 'status', '-o', 'kubeconf'], 'did you mean "kubeconfig"?'],
  ])('of %j are refused: %s', async (words, said) => {
    const { code, stderr } = await performed(...words)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(said) })
    expect(stderr).toContain('Next: ')
  })
})
