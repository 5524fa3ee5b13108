import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { CONTAINER_NICE, yieldCpu } from '../../../src/lab/machine/priority.ts'

const started: ReturnType<typeof spawn>[] = []

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

function sleeper(): number {
  const child = spawn('/bin/sh', ['-c', 'sleep 60 & wait'], { detached: true, stdio: 'ignore' })
  started.push(child)
  if (child.pid === undefined) throw new Error('sh did not start')
  return child.pid
}

describe('the CPU priority of containers', () => {
  it('is lower than that of the load generator, for the process and for its session', async () => {
    const pid = sleeper()
    await yieldCpu(pid)
    expect(getPriority(pid)).toBe(CONTAINER_NICE)
    const session = autogroupOf(pid)
    if (session !== '') expect(session).toContain(`nice ${CONTAINER_NICE}`)
  })

  // Of plain users the kernel takes one change in 100 ms; root may make all of them at once.
  it('is set for each of several that start at once', async () => {
    const pids = [sleeper(), sleeper(), sleeper()]
    await Promise.all(pids.map((pid) => yieldCpu(pid)))
    for (const session of pids.map(autogroupOf).filter((each) => each !== ''))
      expect(session).toContain(`nice ${CONTAINER_NICE}`)
  })

  it('leaves a process alone that has ended', async () => {
    await expect(yieldCpu(2 ** 22 - 1)).resolves.toBeUndefined()
  })
})

function autogroupOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/autogroup`, 'utf8')
  } catch {
    return '' // a kernel without the feature
  }
}
