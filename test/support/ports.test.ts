import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { freePort } from './ports.ts'

/** Where Linux begins to take the local ends of outgoing connections from. */
const EPHEMERAL = 32_768

const ask = `import { freePort } from ${JSON.stringify(new URL('./ports.ts', import.meta.url).href)}
process.stdout.write(String(await freePort()))
process.exit()`
const portOfAnotherProcess = (): number =>
  Number(spawnSync(process.execPath, ['--input-type=module', '-e', ask], { encoding: 'utf8' }).stdout)

it('ports of two processes come from blocks of their own, below those of outgoing connections', async () => {
  const [mine, theirs] = [await freePort(), portOfAnotherProcess()]
  expect(Math.max(mine, theirs)).toBeLessThan(EPHEMERAL)
  expect(theirs).toBeGreaterThan(0)
  expect(Math.abs(mine - theirs)).toBeGreaterThanOrEqual(200)
})

it('a port is given once, and not while somebody listens on it', async () => {
  const first = await freePort()
  const server = createServer().listen(first + 1, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  expect(await freePort()).toBe(first + 2)
  server.close()
})
