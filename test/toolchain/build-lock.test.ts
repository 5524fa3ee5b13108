import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { takeBuildLock } from '../../src/toolchain/build-lock.ts'
import { tempFolder } from '../support/temp-folder.ts'

let folder = ''
let path = ''
beforeEach(() => {
  folder = tempFolder()
  path = join(folder, 'build.lock')
})

describe('the build lock', { timeout: 30_000 }, () => {
  it('lets the second process wait, tells it which one builds, and continues when the first is done', async () => {
    const first = await takeBuildLock(path, () => {})
    const order: string[] = []
    const second = takeBuildLock(path, (pid) => order.push(`waiting for ${pid === process.pid}`)).then((lock) => {
      order.push('in')
      return lock
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    order.push('released')
    first.release()
    ;(await second).release()
    expect(order).toEqual(['waiting for true', 'released', 'in'])
    expect(existsSync(path)).toBe(false)
  })

  it('of a process that was killed is broken', async () => {
    const holder = await holdInAnotherProcess()
    holder.kill('SIGKILL')
    await new Promise((resolve) => holder.on('exit', resolve))
    expect(existsSync(path)).toBe(true)
    const lock = await takeBuildLock(path, () => expect.fail('nobody is building'))
    expect(readFileSync(path, 'utf8')).toContain(`"pid":${process.pid}`)
    lock.release()
  })

  it('of another process with the same pid is broken', async () => {
    writeFileSync(path, JSON.stringify({ pid: process.pid, startedAt: '1' }))
    ;(await takeBuildLock(path, () => expect.fail('nobody is building'))).release()
  })

  it('that is not a lock is broken', async () => {
    writeFileSync(path, 'garbage')
    ;(await takeBuildLock(path, () => expect.fail('nobody is building'))).release()
  })

  it('of a living process is respected, also when the waiting process gives up', async () => {
    const holder = await holdInAnotherProcess()
    const stop = new AbortController()
    const waiting = takeBuildLock(path, () => stop.abort(new Error('gave up')), stop.signal)
    await expect(waiting).rejects.toThrow('gave up')
    expect(readFileSync(path, 'utf8')).toContain(`"pid":${holder.pid}`)
    holder.kill('SIGKILL')
  })
})

/** A process that takes the lock and keeps it until it is killed. */
async function holdInAnotherProcess() {
  const source = new URL('../../src/toolchain/build-lock.ts', import.meta.url)
  const script = `const { takeBuildLock } = await import('${source}'); await takeBuildLock(process.argv[1], () => {}); console.log('held'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return child
}
