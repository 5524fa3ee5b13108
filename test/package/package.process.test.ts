/** What a team gets from npm: installed in an empty folder, without the checkout, the lab's libraries, or a second Node. */
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { otherNodes } from '../lab/pod-network/nodes-at-hand.ts'
import { type Installed, installPackage } from './installed.ts'

let team: Installed
beforeAll(() => {
  team = installPackage('test/package/team')
}, 300_000)
afterAll(() => team?.remove())

const packageFolder = () => join(team.folder, 'node_modules/@matchday-dev/matchday')
const plan = ['plan', 'browse.rehearsal.yaml', '--context', 'staging', '--offline'] as const
const older = otherNodes().filter(({ major }) => major < 22)

describe('the installed package', () => {
  it("brings at most 90 packages and 70 MB, and no `node` that hides the user's own", () => {
    const lock = JSON.parse(readFileSync(join(team.folder, 'node_modules/.package-lock.json'), 'utf8'))
    expect(Object.keys(lock.packages).length).toBeLessThan(90)
    expect(bytesBelow(join(team.folder, 'node_modules'))).toBeLessThan(70_000_000)
    expect(readdirSync(join(team.folder, 'node_modules/.bin'))).not.toContain('node')
  })

  it('carries its license, and neither tests nor the reference platform', () => {
    const files = readdirSync(packageFolder(), { recursive: true, encoding: 'utf8' })
    expect(files).toContain('LICENSE')
    expect(files.filter((path) => /^(test|src|dist\/platform)\b/.test(path))).toEqual([])
    expect(files.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))).toEqual([])
  })

  it('contains every how-to and docs file that its messages name', () => {
    const programs = readdirSync(join(packageFolder(), 'dist'), { recursive: true, encoding: 'utf8' })
    const texts = programs
      .filter((path) => path.endsWith('.js'))
      .map((path) => readFileSync(join(packageFolder(), 'dist', path), 'utf8'))
    const named = new Set(texts.flatMap((text) => text.match(/docs\/how-to\/[\w-]+\.\w+/g) ?? []))
    expect(named).toContain('docs/how-to/rbac.yaml')
    expect([...named].filter((path) => !existsSync(join(packageFolder(), path)))).toEqual([])
  })

  it('explains itself, also as a plug-in of kubectl', () => {
    expect(team.matchday(['--help'])).toMatchObject({ status: 0, stderr: '' })
    expect(team.matchday(['check', '--help']).stdout).toContain('matchday check')
    const { bin } = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8'))
    expect(bin['kubectl-matchday']).toBe(bin.matchday)
    expect(existsSync(join(team.folder, 'node_modules/.bin/kubectl-matchday'))).toBe(true)
  })

  it("plans a rehearsal of the team's own", () => {
    const { status, stdout, stderr } = team.matchday(plan)
    expect(stderr).toBe('')
    expect(stdout).toContain('browse 5/s')
    expect(status).toBe(0)
  })

  it.each([
    ['lab', 'up'],
    ['run', 'lab.rehearsal.yaml', '--lab', '--target', 'targets/lab.yaml'],
  ])('says what to install when a lab is to be booted: %s', (...words) => {
    const env = { MATCHDAY_LAB_DIR: join(team.folder, 'lab'), MATCHDAY_K6: '/nonexistent' }
    const { status, stderr } = team.matchday(words, { env })
    expect(stderr).toContain('the lab is not installed')
    expect(stderr).toContain('Next: npm install --save-dev @matchday-dev/matchday-lab@')
    expect(status).toBe(5)
  })

  it('finds no lab, and has none to stop', () => {
    const env = { MATCHDAY_LAB_DIR: join(team.folder, 'lab') }
    expect(team.matchday(['lab', 'status'], { env })).toMatchObject({ status: 5, stderr: '' })
    expect(team.matchday(['lab', 'down'], { env })).toMatchObject({ status: 0 })
  })

  it.skipIf(older.length === 0)('says which Node it needs to one that is too old', () => {
    for (const { node, version } of older) {
      const { status, stderr } = team.matchday(['--version'], { node })
      expect(stderr).toContain(`this is Node ${version.slice(1)}, and matchday needs 22.19.0 or newer`)
      expect(stderr).toContain('Next: ')
      expect(status).toBe(5)
    }
  })

  it('says which library a login of the kubeconfig needs', () => {
    const kubeconfig = join(team.folder, 'kubeconfig')
    writeFileSync(kubeconfig, KUBECONFIG)
    const { status, stderr } = team.matchday(['check', '--context', 'staging', '--kubeconfig', kubeconfig, ...TARGET])
    expect(stderr).toContain('the login oidc of the kubeconfig needs the library @kubernetes/client-node')
    expect(stderr).toContain('Next: npm install --save-dev @kubernetes/client-node')
    expect(status).toBe(5)
  })
})

describe('the library for scenarios', () => {
  it('is bundled into a script of the team, in a folder of its own', async () => {
    const bundler = join(packageFolder(), 'dist/adapters/k6/bundle.js')
    const code = `import { bundle } from ${JSON.stringify(bundler)}
      console.log(JSON.stringify(await bundle('browse.ts', process.cwd() + '/cache')))`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
      cwd: team.folder,
      encoding: 'utf8',
    })
    const made = JSON.parse(stdout)
    expect(made).toMatchObject({ ok: true, value: { usesLibrary: true } })
    const text = readFileSync(made.value.file, 'utf8')
    expect(text).toContain('md_bad')
    expect(text).not.toContain(`require("@matchday-dev`)
  })

  it('has types', () => {
    const tsc = (file: string) =>
      spawnSync(process.execPath, [resolve('node_modules/typescript/bin/tsc'), ...TSC, file], {
        cwd: team.folder,
        encoding: 'utf8',
      })
    expect(tsc('browse.ts')).toMatchObject({ stdout: '', status: 0 })
    const text = readFileSync(join(team.folder, 'browse.ts'), 'utf8')
    writeFileSync(join(team.folder, 'wrong.ts'), text.replace("measure('browse'", 'measure(42'))
    expect(tsc('wrong.ts').stdout).toContain(
      "Argument of type 'number' is not assignable to parameter of type 'string'",
    )
  })
})

const TARGET = ['--target', 'targets/staging.yaml'] as const
const TSC = [
  ...['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'k6'],
  ...['--ignoreConfig', '--skipLibCheck', 'false'],
]

const KUBECONFIG = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'staging', cluster: { server: 'https://127.0.0.1:1' } }],
  users: [{ name: 'me', user: { 'auth-provider': { name: 'oidc', config: {} } } }],
  contexts: [{ name: 'staging', context: { cluster: 'staging', user: 'me' } }],
})

function bytesBelow(folder: string): number {
  const sizes = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => lstatSync(join(folder, path)))
  return sizes.reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0)
}
