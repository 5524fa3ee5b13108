import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { watchRun } from '../../src/live/watch-run.ts'
import { performed } from '../support/command.ts'
import { commandFlags } from '../support/command-flags.ts'
import { enter, listen } from '../support/live-client.ts'
import { wrongIn } from '../support/output-schema.ts'
import { serveSmallApi } from '../support/small-api-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

type Running = { readonly child: ChildProcess; readonly url: string; readonly ended: Promise<number | null> }

/** The stand-in for `matchday run --live`, from this second of the run on. */
async function running(folder: string, speed: number, from = 30): Promise<Running> {
  const child = spawn(process.execPath, ['test/live/controller-main.ts', folder, String(speed), String(from)], {
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

/** A cluster in which nothing is left: it takes every deletion, and its lists are empty. */
async function emptyCluster(): Promise<string> {
  const isList = (path: string): boolean => {
    const [, kind = '', ...rest] = path.split('/')
    return [1, 3].includes(rest.length - (kind === 'apis' ? 2 : 1))
  }
  const kubeconfig = await serveSmallApi(
    ({ method, path }) => {
      if (method === 'DELETE') return { kind: 'Status', status: 'Success', code: 200 }
      if (path === '/version') return { major: '1', minor: '37', gitVersion: 'v1.37.0' }
      if (path === '/api/v1/namespaces/kube-system')
        return { kind: 'Namespace', metadata: { name: 'kube-system', uid: 'small' } }
      return isList(path)
        ? { kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: [] }
        : undefined
    },
    join(tempFolder(), 'kubeconfig'),
  )
  writeFileSync(kubeconfig, readFileSync(kubeconfig, 'utf8').replaceAll('small', 'lab'))
  return kubeconfig
}

describe('the live page of a run', () => {
  it('outlives a killed controller and says so, and a later page shows the whole run', async () => {
    const folder = tempFolder()
    const { child, url } = await running(folder, 1)
    const viewer = await listen(url, await enter(url))
    expect(await performed('gameday', 'note', folder, 'before', 'the', 'end', '--as', 'Ana')).toMatchObject({ code: 0 })
    await expect.poll(() => viewer.lines().at(-1)?.text).toBe(' notes: before the end')
    const said = await performed('gameday', 'note', folder, 'for', 'programs', '--as', 'Ana', '-o', 'json')
    expect(JSON.parse(said.stdout)).toMatchObject({
      folder,
      written: { kind: 'note', by: 'Ana', text: 'for programs' },
    })
    expect(wrongIn('gameday', JSON.parse(said.stdout))).toEqual([])

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

  it('shows a killed run whole again after heal: the fault, the gap, and who undid it', async () => {
    const reports = tempFolder()
    const folder = join(reports, 'psp-down-at-peak-1')
    mkdirSync(folder)
    // The fault is in, and the run goes on for longer than this test takes.
    const { child, url } = await running(folder, 1, 70)
    const viewer = await listen(url, await enter(url))
    await expect
      .poll(() => viewer.lines().map(({ text }) => text), { timeout: 20_000 })
      .toContain(': injected at 2 pods')
    child.kill('SIGKILL')
    await expect.poll(() => viewer.panels()?.title).toMatch(/^controller gone/)
    const before = viewer.lines().length
    viewer.leave()

    const healed = await performed(
      ...['heal', '--context', 'lab', '--kubeconfig', await emptyCluster(), '--reports', reports],
      ...['--target', 'scenarios/targets/lab.yaml'],
    )
    expect(healed).toMatchObject({ code: 0, stderr: expect.stringMatching(/undone|already gone/) })

    const again = await watchRun({ folder, journal: join(folder, 'journal.ndjson'), port: 0 })
    onTestFinished(() => again.close())
    const rejoined = await listen(again.urls.act, await enter(again.urls.act))
    await expect.poll(() => rejoined.lines().map(({ subject }) => subject)).toContain('heal')
    expect(rejoined.lines().length).toBe(before + 1)
    expect(rejoined.panels()?.title).toMatch(/^controller gone/)
    rejoined.leave()
  }, 180_000)

  it('gives programs its addresses, and says that Ctrl-C ends the page and not the run', async () => {
    const flags = [...commandFlags, 'src/cli/bin.mjs', 'live', 'reports/example', '-o', 'json']
    const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'pipe'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const [stdout, stderr] = [text(child.stdout), text(child.stderr)]
    await new Promise((resolve) => child.stdout.once('data', resolve))
    child.kill('SIGINT')
    const document: unknown = JSON.parse(await stdout)
    expect(document).toMatchObject({ folder: 'reports/example', state: 'over' })
    expect(wrongIn('live', document)).toEqual([])
    expect(await stderr).toContain('SIGINT: the page ends; the run goes on.')
  }, 180_000)

  it('ends after its run, when the last events were shown', async () => {
    const folder = tempFolder()
    const { url, ended } = await running(folder, 12)
    const viewer = await listen(url, await enter(url))
    expect(await ended).toBe(0)
    expect(viewer.lines().at(-1)?.subject).toBe('run')
    expect(viewer.panels()?.title).toMatch(/^✓ PASS/)
    expect(viewer.events.at(-1)?.kind).toBe('bye')
    const last = readFileSync(join(folder, 'journal.ndjson'), 'utf8').trim().split('\n').length
    expect(viewer.lines().at(-1)?.seq).toBe(last)
  })
})
