import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { startGuardedProcess } from '../../../src/adapters/k6/guarded-process.ts'

const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))

async function until(condition: () => boolean, withinMs = 3000): Promise<boolean> {
  for (const end = performance.now() + withinMs; performance.now() < end; await sleep(20)) if (condition()) return true
  return condition()
}

/** Live processes of the group that a guarded process leads. */
const groupOf = (leader: number): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        return state !== 'Z' && Number(group) === leader
      } catch {
        return false
      }
    })

describe('a guarded process', () => {
  it('has the pid, the output and the exit code of the program', async () => {
    const { pid, stdout, ended } = await startGuardedProcess(
      ['/bin/sh', '-c', 'echo "$$ $1"; exit 7', 'sh', 'a b'],
      process.env,
    )
    const chunks: string[] = []
    stdout.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
    expect(await ended).toEqual({ code: 7, signal: null })
    expect(chunks.join('')).toBe(`${pid} a b\n`)
  })

  it('ends by the signal that it gets, together with its guard', async () => {
    const { pid, signal, ended } = await startGuardedProcess(['sleep', '60'], process.env)
    await until(() => groupOf(pid).length === 2)
    signal('SIGTERM')
    expect(await ended).toEqual({ code: null, signal: 'SIGTERM' })
    expect(await until(() => groupOf(pid).length === 0)).toBe(true)
  })

  it('reads nothing from its standard input', async () => {
    const { ended } = await startGuardedProcess(['/bin/sh', '-c', 'read -r line || exit 3'], process.env)
    expect(await ended).toMatchObject({ code: 3 })
  })

  it('ends with 127 if the program does not exist', async () => {
    expect(await (await startGuardedProcess(['/no/such/program'], process.env)).ended).toMatchObject({ code: 127 })
  })

  it('dies with its parent, also when the parent is killed by SIGKILL', async () => {
    const module = join(import.meta.dirname, '../../../src/adapters/k6/guarded-process.ts')
    const program = `
      const { startGuardedProcess } = await import(${JSON.stringify(module)})
      const { pid } = await startGuardedProcess(['sleep', '60'], process.env)
      console.log(pid)
      setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const pid = await new Promise<number>((told) => parent.stdout.once('data', (data) => told(Number(String(data)))))
    expect(await until(() => groupOf(pid).length === 2)).toBe(true)
    parent.kill('SIGKILL')
    expect(await until(() => !isAlive(pid) && groupOf(pid).length === 0)).toBe(true)
  })
})
