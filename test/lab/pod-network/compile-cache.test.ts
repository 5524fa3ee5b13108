import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { tempFolder } from '../../support/temp-folder.ts'
import { startSmallCluster } from './small-cluster.ts'

const QUICK = `const real = setTimeout; globalThis.setTimeout = (run, ms, ...rest) => real(run, ms / 50, ...rest)`

it('a service writes its compiled code while it runs, because a pod is ended by a signal', async () => {
  const cluster = await startSmallCluster(232)
  onTestFinished(() => cluster.stop())
  const { env } = await cluster.pod('compiled')
  const folder = tempFolder()
  const cache = join(folder, 'cache')
  mkdirSync(cache)
  // The preload waits 15 s; here its timers run 50 times as fast.
  writeFileSync(join(folder, 'quick.cjs'), QUICK)
  writeFileSync(join(folder, 'main.cjs'), 'setInterval(() => {}, 60_000)')
  const NODE_OPTIONS = `--require ${join(folder, 'quick.cjs')} ${env.NODE_OPTIONS}`
  const service = spawn(process.execPath, [join(folder, 'main.cjs')], {
    env: { ...process.env, ...env, NODE_OPTIONS, NODE_COMPILE_CACHE: cache },
    stdio: 'inherit',
  })
  onTestFinished(() => void service.kill('SIGKILL'))
  const written = () => readdirSync(cache, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
  await expect.poll(() => written().length, { timeout: 30_000 }).toBeGreaterThan(0)
  expect(service.exitCode).toBeNull()
})
