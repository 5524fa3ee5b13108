import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { takeBuildLock } from '../../src/toolchain/build-lock.ts'
import { cacheFolder } from '../../src/toolchain/cache.ts'
import { cleanToolchain } from '../../src/toolchain/clean.ts'
import { GO_MODULES, TOOLS } from '../../src/toolchain/tools.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { makeBench } from './tiny-module.ts'

const OLD = 'etcd-3.6.0-0123456789ab'
const NO_PROCESS = 4_194_999

/** A cache with something of everything. */
function makeCache() {
  const root = tempFolder()
  const cacheDirectory = join(root, 'toolchain')
  const put = (path: string) => {
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, 'x'.repeat(10_000))
  }
  const current = cacheFolder(TOOLS.etcd, cacheDirectory, GO_MODULES)
  const kept = [
    join(current, 'etcd'),
    join(cacheDirectory, 'gateway-api-1.6.3', 'definitions.yaml'),
    join(cacheDirectory, 'notes', 'mine'),
    join(cacheDirectory, 'work', `kubernetes-${process.pid}`, 'go.mod'),
    join(root, 'scenarios', 'bundle.js'),
    join(root, 'outside', OLD, 'etcd'),
  ]
  const removed = [
    join(root, 'go-build', 'a0', 'package'),
    join(cacheDirectory, OLD, 'etcd'),
    join(cacheDirectory, 'forgotten-tool-1.2.3-rc.1-0123456789ab', 'forgotten-tool'),
    join(cacheDirectory, 'work', `k6-${NO_PROCESS}`, 'go.mod'),
  ]
  for (const path of [...kept, ...removed]) put(path)
  symlinkSync(join(root, 'outside', OLD), join(cacheDirectory, 'k6-1.0.0-0123456789ab'))
  return { root, cacheDirectory, kept, removed }
}

const env = { GOENV: 'off' }

describe('cleaning the toolchain', () => {
  it('removes compiled packages, programs of other versions and what killed builds left, and nothing else', async () => {
    const { cacheDirectory, kept, removed } = makeCache()
    const result = await cleanToolchain({ cacheDirectory, env })
    expect(result.removed.map(({ what }) => what).sort()).toEqual([
      'abandoned build',
      'compiled packages',
      'old program',
      'old program',
    ])
    for (const { bytes } of result.removed) expect(bytes).toBeGreaterThanOrEqual(10_000)
    expect(result.inUse).toEqual([])
    expect(kept.filter((path) => !existsSync(path))).toEqual([])
    expect(removed.filter((path) => existsSync(path))).toEqual([])
    expect(existsSync(join(cacheDirectory, 'build.lock'))).toBe(false)
    expect((await cleanToolchain({ cacheDirectory, env })).removed).toEqual([])
  })

  it('only lists with a dry run', async () => {
    const { cacheDirectory, kept, removed } = makeCache()
    const result = await cleanToolchain({ cacheDirectory, env, isDryRun: true })
    expect(result.removed).toHaveLength(4)
    expect([...kept, ...removed].filter((path) => !existsSync(path))).toEqual([])
  })

  it('leaves a program that a process runs', async () => {
    const { cacheDirectory } = makeCache()
    const path = join(cacheDirectory, OLD, 'etcd')
    copyFileSync('/bin/sleep', path)
    const child = spawn(path, ['60'], { argv0: 'sleep' })
    onTestFinished(() => void child.kill('SIGKILL'))
    await new Promise((resolve) => child.once('spawn', resolve))
    const result = await cleanToolchain({ cacheDirectory, env })
    expect(result.inUse).toEqual([{ path: join(cacheDirectory, OLD), pid: child.pid }])
    expect(existsSync(path)).toBe(true)
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('exit', resolve))
    expect((await cleanToolchain({ cacheDirectory, env })).inUse).toEqual([])
    expect(existsSync(path)).toBe(false)
  })

  it('leaves a cache of Go that the user chose', async () => {
    const { root, cacheDirectory } = makeCache()
    const GOCACHE = join(root, 'go-build')
    const result = await cleanToolchain({ cacheDirectory, env: { ...env, GOCACHE } })
    expect(result.chosenCache).toBe(GOCACHE)
    expect(existsSync(join(GOCACHE, 'a0', 'package'))).toBe(true)
  })

  it('leaves programs whose go.mod is in another package', async () => {
    const { goModules } = makeBench()
    for (const name of ['etcd', 'kwok', 'prometheus']) expect(existsSync(join(goModules, name))).toBe(false)
    const { cacheDirectory } = makeCache()
    await cleanToolchain({ cacheDirectory, env, goModules })
    expect(readdirSync(cacheDirectory)).toContain(OLD)
    expect(readdirSync(cacheDirectory).some((name) => name.startsWith('forgotten'))).toBe(false)
  })

  it('waits for a build that is under way', async () => {
    const { cacheDirectory } = makeCache()
    const lock = await takeBuildLock(join(cacheDirectory, 'build.lock'), () => {})
    const { promise: waiting, resolve } = Promise.withResolvers<number>()
    const cleaning = cleanToolchain({ cacheDirectory, env, onWait: resolve })
    expect(await waiting).toBe(process.pid)
    expect(readdirSync(cacheDirectory)).toContain(OLD)
    lock.release()
    expect((await cleaning).removed).toHaveLength(4)
  })

  it('finds nothing where there is no cache', async () => {
    const result = await cleanToolchain({ cacheDirectory: join(tempFolder(), 'toolchain'), env })
    expect(result).toEqual({ removed: [], inUse: [] })
  })
})
