/** What is wrong with this machine is told before anything is started on it: one clear message, exit code 5, nothing left behind. */
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { processesOf } from '../lab/support/lab-bench.ts'
import { matchday } from '../support/lab.ts'
import { askHost, hasHost } from '../support/lab-host.ts'

it('matchday lab up names the program that already uses the port of the ingress', async () => {
  // The cli knows no place but the first.
  if (hasHost()) await askHost('none', true)
  const folder = mkdtempSync(join(tmpdir(), 'md-'))
  chmodSync(folder, 0o755) // a lab's pods run as another user where the caller is root
  const stranger = createServer().listen(8080, '127.99.0.1')
  await once(stranger, 'listening')
  const root = join(folder, 'lab')
  const { code, stderr } = await matchday({ root }, 'lab', 'up')
  stranger.close()
  expect({ code, stderr }).toEqual({
    code: 5,
    stderr: expect.stringContaining('another program listens on 127.99.0.1:8080'),
  })
  expect(stderr).toContain('Next: ')
  expect(processesOf(root)).toEqual([])
  rmSync(folder, { recursive: true, force: true })
})
