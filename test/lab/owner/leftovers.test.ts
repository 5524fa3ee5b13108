import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isAlive, processFamilies, startTicksOf } from '../../../src/lab/machine/processes.ts'
import { killLeftovers } from '../../../src/lab/owner/leftovers.ts'
import { tempFolder } from '../../support/temp-folder.ts'

let root = ''
let statePath = ''
const children: ChildProcess[] = []
beforeEach(() => {
  root = tempFolder()
  statePath = join(root, 'lab.json')
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** A process that reports when it runs, so that its environment is already its own. */
async function run(env: Record<string, string>, script = 'echo up; exec sleep 60') {
  const child = spawn('/bin/sh', ['-c', script], {
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  children.push(child)
  const [said] = await once(child.stdout, 'data')
  const pid = child.pid ?? 0
  return { pid, startTicks: startTicksOf(pid) ?? 0, said: String(said).trim() }
}

const stateWith = (process: { pid: number; startTicks: number }) =>
  writeFileSync(
    statePath,
    JSON.stringify({
      version: 1,
      root,
      owner: { pid: 1, startTicks: 1 },
      phase: 'up',
      kubeconfig: '',
      nodes: [],
      components: [{ name: 'etcd', state: 'running', process }],
    }),
  )

describe('what a dead lab left', () => {
  it('is found by the mark of the lab, and killed', async () => {
    const marked = await run({ MATCHDAY_LAB_PROCESS: root })
    expect(await killLeftovers(root, statePath)).toBe(1)
    expect(isAlive(marked)).toBe(false)
  })

  it('is found by a container that runs from the lab', async () => {
    const container = await run({ MATCHDAY_ROOT: `${root}/nodes/zone-a-api/containers/1` })
    await killLeftovers(root, statePath)
    expect(isAlive(container)).toBe(false)
  })

  it('is found as a child of a marked process, even if it cleared its environment', async () => {
    const parent = await run({ MATCHDAY_LAB_PROCESS: root }, 'env -i sh -c "echo \\$\\$; sleep 60" & wait')
    const child = { pid: Number(parent.said), startTicks: startTicksOf(Number(parent.said)) ?? 0 }
    expect(isAlive(child)).toBe(true)
    await killLeftovers(root, statePath)
    expect(isAlive(child)).toBe(false)
  })

  it('is found by the state file, if the start time is the same', async () => {
    const named = await run({})
    stateWith(named)
    await killLeftovers(root, statePath)
    expect(isAlive(named)).toBe(false)
  })

  it('does not include a process that only has the same pid', async () => {
    const other = await run({})
    stateWith({ pid: other.pid, startTicks: other.startTicks - 1 })
    expect(await killLeftovers(root, statePath)).toBe(0)
    expect(isAlive(other)).toBe(true)
  })

  it('does not include processes of another lab, even if its folder has the same prefix', async () => {
    const others = [
      await run({ MATCHDAY_LAB_PROCESS: `${root}2` }),
      await run({ MATCHDAY_ROOT: `${root}2/nodes/x` }),
      await run({ MATCHDAY_LAB_DIR: root }),
    ]
    expect(await killLeftovers(root, statePath)).toBe(0)
    expect(others.map(isAlive)).toEqual([true, true, true])
  })

  it('stays where another lab has the place by then: it may belong to that lab', async () => {
    const marked = await run({ MATCHDAY_LAB_PROCESS: root })
    const taken = () => Promise.reject(new Error('another lab is up'))
    await expect(killLeftovers(root, statePath, taken)).rejects.toThrow('another lab is up')
    expect(isAlive(marked)).toBe(true)
  })

  it('never includes the calling process', () => {
    const found = processFamilies((entry) => entry.startsWith('PATH='))
    expect(found.map(({ pid }) => pid)).not.toContain(process.pid)
  })
})
