import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { watchRun } from '../../src/live/watch-run.ts'
import { performed } from '../support/command.ts'
import { enter, listen } from '../support/live-client.ts'
import { tempFolder } from '../support/temp-folder.ts'

type Running = { readonly child: ChildProcess; readonly url: string; readonly ended: Promise<number | null> }

/** The stand-in for `matchday run --live`, from its 30th second on. */
async function running(folder: string, speed: number): Promise<Running> {
  const child = spawn(process.execPath, ['test/live/controller-main.ts', folder, String(speed)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  const said: string[] = []
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr ?? process.stdin }).on('line', (line) => {
      said.push(line)
      const [, found] = /live page +(\S+)/.exec(line) ?? []
      if (found !== undefined) resolve(found)
    })
    child.on('exit', () => reject(new Error(said.join('\n'))))
  })
  return { child, url, ended }
}

describe('the live page of a run', () => {
  it('outlives a killed controller and says so, and a later page shows the whole run', async () => {
    const folder = tempFolder()
    const { child, url } = await running(folder, 1)
    const viewer = await listen(url, await enter(url))
    expect(await performed('gameday', 'note', folder, 'before', 'the', 'end', '--as', 'Ana')).toMatchObject({ code: 0 })
    await expect.poll(() => viewer.lines().at(-1)?.text).toBe(' notes: before the end')

    const about = (name: string, ...words: string[]) =>
      performed('gameday', 'note', folder, '--kind', 'declared', '--about', name, ...words)
    expect(await about('psp-a down', 'SEV2')).toMatchObject({ code: 0 })
    await expect.poll(() => viewer.lines().at(-1)?.text).toBe(' declares an incident for psp-a down: SEV2')
    expect(await about('psp-b down', 'SEV2')).toMatchObject({ code: 2, stderr: expect.stringContaining('psp-a down') })
    const step = await performed('gameday', 'note', folder, '--kind', 'step', 'open the breaker')
    expect(step).toMatchObject({ code: 2, stderr: expect.stringContaining('no runbook') })

    child.kill('SIGKILL')
    await expect.poll(() => viewer.panels()?.title).toMatch(/^controller gone/)
    expect(viewer.panels()?.html.now).toContain('matchday heal')
    expect((await performed('gameday', 'note', folder, 'too', 'late')).code).toBe(5)
    viewer.leave()

    const again = await watchRun({ folder, journal: join(folder, 'journal.ndjson'), port: 0 })
    onTestFinished(() => again.close())
    expect(again.state).toBe('gone')
    const rejoined = await listen(again.urls.act, await enter(again.urls.act))
    await expect.poll(() => rejoined.lines().map(({ subject }) => subject)).toContain('Ana')
    expect(rejoined.lines().length).toBe(viewer.lines().length)
    rejoined.leave()
  })

  it('ends after its run, when the last events were shown', async () => {
    const folder = tempFolder()
    const { url, ended } = await running(folder, 30)
    const viewer = await listen(url, await enter(url))
    expect(await ended).toBe(0)
    expect(viewer.lines().at(-1)?.subject).toBe('run')
    expect(viewer.panels()?.title).toMatch(/^✓ PASS/)
    expect(viewer.events.at(-1)?.kind).toBe('bye')
    const last = readFileSync(join(folder, 'journal.ndjson'), 'utf8').trim().split('\n').length
    expect(viewer.lines().at(-1)?.seq).toBe(last)
  })
})
