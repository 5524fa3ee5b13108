import { spawn } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { performed } from '../support/command.ts'
import { recentRun, runFolder } from './story.ts'
import { strictGrafana } from './strict-grafana.ts'

vi.setConfig({ testTimeout: 60_000 })
const TOKEN = 's3cret-token'

/** The process beside a run: `over()` is what the run says at its end, and without it the run was killed. */
function beside(folder: string) {
  const child = spawn(process.execPath, ['src/cli/bin.mjs', 'publish', folder, '--attached'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const said = Promise.all([text(child.stdout), text(child.stderr)])
  const ended = new Promise((resolve) => child.on('exit', resolve))
  return { said, ended, over: () => void child.stdin.end('over\n'), kill: () => void child.kill('SIGKILL') }
}

function publishing() {
  vi.stubEnv('PUBLISH_TOKEN', TOKEN)
  onTestFinished(() => void vi.unstubAllEnvs())
}

/** A run whose journal grows: its first half, and the rest when it is asked for. */
function growing(url: string) {
  const login = { kind: 'bearer', from: { kind: 'env', name: 'PUBLISH_TOKEN' } } as const
  const folder = runFolder(recentRun({ grafana: { url, login } }, Date.now()))
  const path = join(folder, 'journal.ndjson')
  const lines = readFileSync(path, 'utf8').split(/(?<=\n)/)
  // The second phase has begun, so that the first is over.
  const half = lines.findIndex((line) => line.includes('"phase-started"') && line.includes('"index":1')) + 1
  writeFileSync(path, lines.slice(0, half).join(''))
  return { folder, grow: () => appendFileSync(path, lines.slice(half).join('')) }
}

describe('publishing beside a run', () => {
  it('posts while the journal grows, and the rest when the run is over', async () => {
    publishing()
    const grafana = await strictGrafana(TOKEN)
    const { folder, grow } = growing(grafana.url)
    const child = beside(folder)
    await expect.poll(() => grafana.posted.length, { timeout: 30_000 }).toBe(1)
    grow()
    child.over()
    await child.ended
    expect(grafana.posted.map(({ tags }) => tags[1])).toEqual(
      expect.arrayContaining(['matchday-phase', 'matchday-fault']),
    )
    expect((await child.said).join('')).not.toContain(TOKEN)
    expect(readFileSync(join(folder, 'published.json'), 'utf8')).not.toContain('127.0.0.1')
  })

  it('goes on after a kill -9 with what did not arrive', async () => {
    publishing()
    const grafana = await strictGrafana(TOKEN)
    const { folder, grow } = growing(grafana.url)
    const child = beside(folder)
    await expect.poll(() => grafana.posted.length, { timeout: 30_000 }).toBe(1)
    await expect.poll(() => readFileSync(join(folder, 'published.json'), 'utf8')).toContain('grafana')
    child.kill()
    await child.ended
    grow()
    expect((await performed('publish', folder)).code).toBe(0)
    const ids = grafana.posted.map(({ tags }) => tags.at(-1))
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBeGreaterThan(2)
  })
})
