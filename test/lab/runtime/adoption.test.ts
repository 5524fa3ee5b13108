import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type BenchNode,
  createContainer,
  logOf,
  openBenchNode,
  runContainer,
  runPod,
  shell,
  statusOf,
  textsOf,
  until,
  untilExited,
} from './bench-node.ts'

let bench: BenchNode

beforeAll(async () => {
  bench = await openBenchNode()
})
afterAll(() => bench.close())

/** Kills the runtime and starts another one in its place. `meanwhile` runs while there is none. */
async function replaceRuntime(meanwhile: () => void | Promise<void> = () => undefined) {
  await bench.killRuntime()
  await meanwhile()
  await bench.startRuntime()
  return bench.cri()
}

describe('a runtime that replaces a killed one', () => {
  it('finds its containers running, with their address, process and log', async () => {
    const before = bench.cri()
    const pod = await runPod(bench, before, 'kept')
    const id = await runContainer(before, pod, shell('n=0; while :; do n=$((n+1)); echo $n; sleep 0.02; done'))
    await until(() => (textsOf(logOf(pod)).length > 3 ? true : undefined))
    const started = (await statusOf(before, id)).startedAt
    const address = bench.address(pod.sandbox)

    const cri = await replaceRuntime()
    expect(await statusOf(cri, id)).toMatchObject({ state: 'CONTAINER_RUNNING', startedAt: started })
    const { status } = await cri.call<{ status: object }>('PodSandboxStatus', { podSandboxId: pod.sandbox })
    expect(status).toMatchObject({ state: 'SANDBOX_READY', network: { ip: address } })
    const seen = textsOf(logOf(pod)).length
    await until(() => (textsOf(logOf(pod)).length > seen + 3 ? true : undefined))

    await cri.call('StopContainer', { containerId: id, timeout: 5 })
    expect(await statusOf(cri, id)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 143 })
    // No line is written twice. A line that the killed runtime had read but not written is lost: one line at this pace.
    const numbers = textsOf(logOf(pod)).map(Number)
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
    expect((numbers.at(-1) ?? 0) - numbers.length).toBeLessThanOrEqual(1)
  })

  it('learns exit code, end time and last output of a container that ended meanwhile', async () => {
    const before = bench.cri()
    const pod = await runPod(bench, before, 'ended')
    const id = await runContainer(
      before,
      pod,
      shell('mkfifo $TMPDIR/go; echo up; read line <$TMPDIR/go; echo last words; exit 5'),
    )
    const temporary = join(bench.containerFolder(id), 'root', 'tmp')
    await until(() => (logOf(pod) ? true : undefined))
    let [goAt, endedAt] = [0, 0]
    const cri = await replaceRuntime(async () => {
      goAt = Date.now()
      writeFileSync(join(temporary, 'go'), 'now\n')
      await until(() => (exitFile(bench, id) !== '' ? true : undefined))
      endedAt = Date.now()
      await new Promise((resolve) => setTimeout(resolve, 200))
    })
    const status = await untilExited(cri, id)
    expect(status).toMatchObject({ exitCode: 5, reason: 'Error' })
    // The time when it ended, not when the next runtime found out. File times come from the kernel's last tick.
    expect(status.finishedAt / 1e6).toBeGreaterThan(goAt - 20)
    expect(status.finishedAt / 1e6).toBeLessThanOrEqual(endedAt)
    expect(textsOf(logOf(pod))).toEqual(['up', 'last words'])
  })

  it('reports 137 for a container that was killed with its wrapper, and ignores another process with the same pid', async () => {
    const before = bench.cri()
    const pod = await runPod(bench, before, 'killed')
    const id = await runContainer(before, pod, shell('sleep 300'))
    const wrapper = recordOf(bench, id).started.wrapper.pid
    const cri = await replaceRuntime(() => {
      process.kill(-wrapper, 'SIGKILL')
    })
    expect(await untilExited(cri, id)).toMatchObject({ exitCode: 137 })
  })

  it('can start a container that was only created', async () => {
    const before = bench.cri()
    const pod = await runPod(bench, before, 'created')
    const id = await createContainer(before, pod, shell('echo late'))
    const cri = await replaceRuntime()
    await cri.call('StartContainer', { containerId: id })
    expect(await untilExited(cri, id)).toMatchObject({ exitCode: 0 })
    expect(textsOf(logOf(pod))).toEqual(['late'])
  })

  it('kills a container whose runtime was killed during its start', async () => {
    const before = bench.cri()
    const pod = await runPod(bench, before, 'unsaid')
    const id = await runContainer(before, pod, shell('sleep 300'))
    const { wrapper } = recordOf(bench, id).started
    const cri = await replaceRuntime(() => {
      writeFileSync(recordFile(bench, id), JSON.stringify({ ...recordOf(bench, id), started: undefined }))
    })
    expect(await untilExited(cri, id)).toMatchObject({ exitCode: 137, reason: 'ContainerStatusUnknown' })
    await until(() => !existsSync(`/proc/${wrapper.pid}/exe`) || undefined)
  })

  it('releases an address that was assigned just before the kill', async () => {
    const before = bench.cri()
    const pod = await runPod(bench, before, 'fetched')
    const file = join(bench.containerFolder('x'), '../../sandboxes', `${pod.sandbox}.json`)
    const cri = await replaceRuntime(() => {
      const { network: _, ...record } = JSON.parse(readFileSync(file, 'utf8'))
      writeFileSync(file, JSON.stringify({ ...record, stopped: true }))
    })
    expect(bench.address(pod.sandbox)).toBeDefined()
    await cri.call('RemovePodSandbox', { podSandboxId: pod.sandbox })
    expect(bench.address(pod.sandbox)).toBeUndefined()
  })

  it('skips and logs a record that cannot be read', async () => {
    const before = bench.cri()
    const pod = await runPod(bench, before, 'torn')
    const id = await createContainer(before, pod, shell('true'))
    const cri = await replaceRuntime(() => writeFileSync(recordFile(bench, id), '{"id":'))
    await expect(statusOf(cri, id)).rejects.toThrow(/NOT_FOUND/)
    expect(bench.told()).toMatch(new RegExp(`${id}.*cannot be read`))
  })
})

const recordFile = (from: BenchNode, id: string) => join(from.containerFolder(id), 'record.json')
const exitFile = (from: BenchNode, id: string) => readFileSync(join(from.containerFolder(id), 'exit'), 'utf8')

function recordOf(from: BenchNode, id: string): { started: { wrapper: { pid: number } } } {
  return JSON.parse(readFileSync(recordFile(from, id), 'utf8'))
}
