// A lab's PID namespace, without a cluster in it: what its first process does for all others. Skipped, with the kernel's reason, where this user
// may not make one.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { findTool } from '../../../src/cli/tools.ts'
import { innerPidsOf, type ProcessId, processesBelow } from '../../../src/lab/machine/processes.ts'
import { chooseNetwork } from '../../../src/lab/owner/network-choice.ts'
import { areGone } from '../support/lab-bench.ts'

const run = promisify(execFile)
const labnet = (await findTool('labnet', new AbortController().signal)).path
const network = await chooseNetwork('auto', labnet)
const refusal = whyNot()

function whyNot(): string | undefined {
  if (network.kind === 'preload') return network.why
  return network.processes?.kind === 'shared' ? network.processes.why : undefined
}

const words = (script: string): string[] => {
  const plan = { listen: ['127.0.0.1:0'], addresses: [], routes: [], caller: '10.99.0.1', ownProcesses: true }
  return ['lab', JSON.stringify(plan), '--', 'sh', '-c', script]
}

/** Once the script has said something; with the processes that it has by then, as the machine sees them. */
async function started(script: string): Promise<{ lab: ChildProcess; inside: ProcessId[] }> {
  const lab = spawn(labnet, words(script), { stdio: ['ignore', 'pipe', 'inherit'] })
  if (!lab.stdout) throw new Error('labnet has a pipe')
  await once(createInterface({ input: lab.stdout }), 'line')
  return { lab, inside: processesBelow(lab.pid ?? 0) }
}

// In a session of its own and without a parent, as a pod is.
const POD = 'setsid sh -c "sleep 4e2 & sleep 4e2" & sleep 0.3; echo started;'

describe.skipIf(refusal !== undefined)(`a lab's own PID namespace${refusal ? ` (${refusal})` : ''}`, () => {
  it('ends whole when its outer process is killed', async () => {
    const { lab, inside } = await started(`${POD} wait`)
    expect(inside.length).toBeGreaterThanOrEqual(5)
    expect(inside.filter(({ pid }) => innerPidsOf(pid).length === 0)).toEqual([])
    lab.kill('SIGKILL')
    await vi.waitFor(() => expect(areGone(inside)).toBe(true), { timeout: 2_000, interval: 10 })
  })

  it('ends whole with its program, and has its exit code', async () => {
    const { lab, inside } = await started(`${POD} sleep 0.2; exit 7`)
    expect(await once(lab, 'exit')).toEqual([7, null])
    expect(areGone(inside)).toBe(true)
  })

  it('passes SIGTERM on to its program, which decides what happens', async () => {
    const { lab } = await started('trap "exit 3" TERM; echo started; while :; do sleep 0.05; done')
    lab.kill('SIGTERM')
    expect(await once(lab, 'exit')).toEqual([3, null])
  })

  it('tells when a signal ended its program, as a shell does', async () => {
    const { lab } = await started('echo started; sleep 0.1; kill -KILL $$')
    expect(await once(lab, 'exit')).toEqual([137, null])
  })

  it('waits for processes whose parent is gone, so that none stays as a zombie', async () => {
    const { stdout } = await run(labnet, words('(sleep 0.05 & sleep 0.05 &); sleep 0.4; cat /proc/[0-9]*/stat'))
    const states = stdout
      .trim()
      .split('\n')
      .map((line) => line.slice(line.lastIndexOf(')') + 2)[0])
    // labnet and the program.
    expect(states).toEqual(['S', expect.stringMatching(/[RS]/)])
  })

  it('shows only its own processes, and labnet as the first', async () => {
    const { stdout } = await run(labnet, words('echo /proc/[0-9]*; readlink /proc/1/exe'))
    const [shown = '', first] = stdout.trim().split('\n')
    expect(shown.split(' ')).toHaveLength(2)
    expect(first).toBe(labnet)
  })

  it('is not there where parts of the machine’s /proc are hidden; the rest is', async () => {
    // Root would map all users, which a user namespace does not have.
    const user = process.getuid?.() === 0 ? [] : ['--user', '--map-current-user', '--keep-caps']
    const hide = 'mount -t tmpfs none /proc/irq && exec "$0" check'
    const { stdout } = await run('unshare', [...user, '--mount', 'sh', '-c', hide, labnet])
    const why = 'labnet check-inside: a /proc of its own: operation not permitted'
    expect(JSON.parse(stdout)).toEqual({ ok: true, processes: { ok: false, why } })
  })
})
