import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundlePreload } from '../../../src/lab/images/preload.ts'
import { inside, makeView, openWay } from '../../../src/lab/runtime/container/view.ts'

const run = promisify(execFile)
let folder: string
let preload: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mdview-'))
  preload = join(folder, 'mounts.cjs')
  await bundlePreload(preload)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function volume(name: string, files: Record<string, string>): string {
  const at = join(folder, name)
  mkdirSync(at, { recursive: true })
  for (const [file, text] of Object.entries(files)) writeFileSync(join(at, file), text)
  return at
}

const mount = (containerPath: string, hostPath: string) => ({ containerPath, hostPath, readonly: false })

describe('the view of a container', () => {
  it('has every volume at its path, and nothing outside its root', () => {
    const config = volume('config', { 'app.yaml': 'a' })
    const view = makeView(
      join(folder, 'one'),
      [mount('/etc/config', config), mount('/../../../out', config)],
      undefined,
    )
    expect(readFileSync(join(view.root, 'etc/config/app.yaml'), 'utf8')).toBe('a')
    expect(readFileSync(join(view.root, 'out/app.yaml'), 'utf8')).toBe('a')
    expect(view.mountPaths).toEqual(['/out', '/etc/config'])
    expect(inside(view.root, '/work/../../..')).toBe(join(view.root, '/'))
  })

  it('never writes one volume into another, and reports it', () => {
    const outer = volume('outer', {})
    const inner = volume('inner', { 'in.txt': 'x' })
    const view = makeView(join(folder, 'two'), [mount('/data/inner', inner), mount('/data', outer)], undefined)
    expect(view.notices).toEqual(['volume at /data/inner not mounted: another volume is mounted above it'])
    expect(() => statSync(join(outer, 'inner'))).toThrow(/ENOENT/)
  })

  it('lets every user reach a volume, without changing the volume or anything outside the lab', () => {
    const lab = join(folder, 'lab')
    mkdirSync(join(lab, 'pods', 'secret'), { recursive: true, mode: 0o750 })
    openWay(lab, join(lab, 'pods', 'secret'))
    expect(statSync(join(lab, 'pods')).mode & 0o777).toBe(0o751)
    expect(statSync(join(lab, 'pods', 'secret')).mode & 0o001).toBe(0)
    openWay(join(lab, 'pods'), lab)
  })
})

describe('the preload for mounted files', () => {
  async function node(script: string, type: 'commonjs' | 'module'): Promise<string> {
    const config = volume('config', { 'app.yaml': 'level: debug' })
    const view = makeView(join(folder, `view-${type}`), [mount('/etc/config', config)], undefined)
    const env = { ...process.env, MATCHDAY_ROOT: view.root, MATCHDAY_MOUNTS: view.mountPaths.join('\n') }
    const { stdout } = await run(process.execPath, [`--require=${preload}`, `--input-type=${type}`, '-e', script], {
      env,
    })
    return stdout.trim()
  }

  it('makes files readable at their paths through every API of node:fs', async () => {
    const script = `
      import fs, { readFileSync, existsSync } from 'node:fs'
      import { readFile } from 'node:fs/promises'
      const path = '/etc/config/app.yaml'
      const streamed = await new Promise((resolve) => fs.createReadStream(path).on('data', (data) => resolve(String(data))))
      const opened = await fs.promises.open(path)
      const seen = [readFileSync(path, 'utf8'), await readFile(new URL('file:///etc/config/app.yaml'), 'utf8'), streamed, await opened.readFile('utf8')]
      await opened.close()
      console.log(new Set(seen).size, seen[0], existsSync(path), existsSync('/etc/config-other'), fs.readdirSync('/etc/config/../config').join())
      fs.writeFileSync('/etc/config/new', 'written')
      fs.renameSync('/etc/config/new', '/etc/config/renamed')`
    expect(await node(script, 'module')).toBe('1 level: debug true false app.yaml')
    expect(readFileSync(join(folder, 'config', 'renamed'), 'utf8')).toBe('written')
    rmSync(join(folder, 'config', 'renamed'))
  })

  it('does not change any other path', async () => {
    expect(
      await node(
        `console.log(require('fs').existsSync('/etc/passwd'), require('fs').realpathSync.native('/'))`,
        'commonjs',
      ),
    ).toBe('true /')
  })
})
