/** The command as a process: a real client asks over HTTP, Ctrl-C ends it. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { performed } from '../../support/command.ts'
import { evidence, toBad } from '../../support/evidence.ts'
import { store } from '../../support/stored.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const TOKEN = 'a-secret-of-20-chars'

async function serving(folder: string, env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, ['src/cli/bin.mjs', 'judge', folder, '--serve', '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...env },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, found] = /^(http:\S+) answers about/.exec(line) ?? []
      if (found !== undefined) resolve(found)
    })
    child.on('exit', () => reject(new Error(stderr)))
  })
  return { child, url, ended, said: () => stderr }
}

describe('matchday judge --serve', () => {
  it('answers Argo Rollouts and Flagger, and ends on Ctrl-C with exit code 0', async () => {
    const reports = tempFolder()
    const failed = evidence({ load: (second, load) => second > 95 && second < 120 && toBad(load.login, 9) })
    const { child, url, ended, said } = await serving(store(reports, 'a-20260921-141320', failed), {
      MATCHDAY_JUDGE_TOKEN: TOKEN,
    })
    const headers = { Authorization: `Bearer ${TOKEN}` }
    const argo = await fetch(`${url}/v1/verdict`, { headers })
    expect(await argo.json()).toMatchObject({ verdict: 'fail', run: 'a-20260921-141320' })
    const flagger = await fetch(`${url}/v1/flagger/confirm`, {
      method: 'POST',
      body: '{}',
      headers,
    })
    expect(flagger.status).toBe(409)
    expect((await fetch(`${url}/v1/verdict`)).status).toBe(401)
    await expect.poll(said).toContain('POST /v1/flagger/confirm: 409 fail')
    expect(said()).not.toContain(TOKEN)
    child.kill('SIGINT')
    expect(await ended).toBe(0)
  }, 60_000)

  it('refuses to be reached by others without a token, before it listens', async () => {
    const { code, stderr } = await performed('judge', tempFolder(), '--serve', '--listen', '0.0.0.0:0', '-o', 'json')
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('MATCHDAY_JUDGE_TOKEN is not set') })
    expect(stderr).toContain('--serve prints no result')
  })
})
