import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../support/temp-folder.ts'

describe('Ctrl-C while the toolchain is built', () => {
  it.each([
    ['toolchain build', ['toolchain', 'build', 'k6']],
    ['run', ['run', 'scenarios/psp-down-at-peak.rehearsal.yaml', '--lab']],
  ])(
    'stops %s at once with exit code 4, also where go is slow to end',
    async (_, words) => {
      const folder = tempFolder()
      const began = join(folder, 'began')
      // A go that builds for a minute and does not care about SIGTERM.
      writeFileSync(join(folder, 'go'), `#!/bin/sh\ntrap '' TERM\ntouch ${began}\nsleep 60 &\nwait\nwait\n`)
      chmodSync(join(folder, 'go'), 0o755)
      const child = spawn(process.execPath, ['src/cli/main.ts', ...words], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          PATH: `${folder}:${process.env.PATH}`,
          XDG_CACHE_HOME: join(folder, 'cache'),
          NO_COLOR: '1',
        },
      })
      let stderr = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text
      })
      const ended = once(child, 'close')
      await expect.poll(() => existsSync(began), { timeout: 60_000 }).toBe(true)
      await sleep(100)
      const pressedAt = performance.now()
      child.kill('SIGINT')
      const [code] = await ended
      expect({ code, stderr }).toEqual({
        code: 4,
        stderr: expect.stringContaining('stopped before anything was touched'),
      })
      expect(performance.now() - pressedAt).toBeLessThan(8000)
      expect(stderr).not.toContain('defect')
    },
    90_000,
  )
})
