import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { componentsSeenHere, ownPidNamespace } from '../../../src/lab/machine/pid-namespace.ts'
import { innerPidsOf, type ProcessId, startTicksOf } from '../../../src/lab/machine/processes.ts'
import { parseProcessStat } from '../../../src/protocols/linux/process-stat.ts'

const NEW = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--mount-proc', '--kill-child'] as const
const tried = spawnSync(NEW[0], [...NEW.slice(1), 'true'], { encoding: 'utf8' })
const refusal = tried.status === 0 ? '' : `no PID namespace here: ${tried.error?.message ?? tried.stderr.trim()}`

const idOf = (pid: number): ProcessId => ({ pid, startTicks: startTicksOf(pid) ?? 0 })
const running = (process: ProcessId) => [{ name: 'etcd', state: 'running', process, restarts: 0 }] as const
const commandOf = (id: ProcessId | undefined) => readFileSync(`/proc/${id?.pid}/cmdline`, 'utf8').replaceAll('\0', ' ')

describe.skipIf(refusal !== '')(`process ids of a lab with a PID namespace of its own ${refusal}`, () => {
  let first: ChildProcess
  let inner: ProcessId
  let lab: { owner: ProcessId; pidNamespace: string }

  beforeAll(async () => {
    const script = 'sleep 61.25 & read -r stat </proc/$!/stat; echo "$stat"; readlink /proc/self/ns/pid; wait'
    first = spawn(NEW[0], [...NEW.slice(1), 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    if (!first.stdout) throw new Error('the process has a pipe')
    const lines: string[] = []
    for await (const line of createInterface({ input: first.stdout })) if (lines.push(line) === 2) break
    const [stat = '', pidNamespace = ''] = lines
    inner = { pid: Number(stat.split(' ')[0]), startTicks: parseProcessStat(stat)?.startTicks ?? 0 }
    lab = { owner: idOf(first.pid ?? 0), pidNamespace }
  })
  afterAll(() => first.kill('SIGKILL'))

  it('are translated by the kernel’s list of a process’s ids, at the same start time', () => {
    const [seen] = componentsSeenHere(running(inner), lab)
    expect(seen?.process?.pid).not.toBe(inner.pid)
    expect(innerPidsOf(seen?.process?.pid ?? 0)).toEqual([inner.pid])
    expect(commandOf(seen?.process)).toBe('sleep 61.25 ')
  })

  it('stay as they are for a process of the same namespace, and for the state of an older lab', () => {
    const { owner } = lab
    for (const same of [{ owner, pidNamespace: ownPidNamespace() }, { owner }])
      expect(componentsSeenHere(running(inner), same)).toEqual(running(inner))
  })

  it.each([
    ['has another start time', () => ({ ...inner, startTicks: inner.startTicks + 1 })],
    ['is none of the lab, but has the same id and start time on this machine', () => idOf(process.pid)],
  ])('are left out where the process %s', (_, process) => {
    expect(componentsSeenHere(running(process()), lab)[0]).toEqual({ name: 'etcd', state: 'running', restarts: 0 })
  })

  it('are left out when the lab’s first process is gone: the kernel has ended all of them', async () => {
    first.kill('SIGKILL')
    await once(first, 'exit')
    expect(componentsSeenHere(running(inner), lab)[0]?.process).toBeUndefined()
  })
})

it('a process of this namespace has no other ids', () => expect(innerPidsOf(process.pid)).toEqual([]))
