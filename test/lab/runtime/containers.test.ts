import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { labPaths } from '../../../src/lab/machine/paths.ts'
import { CONTAINER_NICE } from '../../../src/lab/machine/priority.ts'
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
import type { CriClient } from './cri-client.ts'

let bench: BenchNode
let cri: CriClient

beforeAll(async () => {
  bench = await openBenchNode()
  cri = bench.cri()
})
afterAll(() => bench.close())

describe('a container', () => {
  it('runs, writes both streams in the CRI log format and reports its exit code', async () => {
    const pod = await runPod(bench, cri, 'two-streams')
    const id = await runContainer(cri, pod, shell('echo out; echo err >&2; printf tail; exit 7'))
    const status = await untilExited(cri, id)
    expect(status).toMatchObject({ exitCode: 7, reason: 'Error' })
    expect(status.finishedAt).toBeGreaterThanOrEqual(status.startedAt)
    const lines = logOf(pod).trimEnd().split('\n')
    expect(lines.map((line) => line.replace(/^\S+Z /, '')).sort()).toEqual([
      'stderr F err',
      'stdout F out',
      'stdout P tail',
    ])
    expect(lines.every((line) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /.test(line))).toBe(true)
  })

  it('yields the CPU to the load generator', async () => {
    const pod = await runPod(bench, cri, 'yields')
    // Field 19 of stat is the priority (proc_pid_stat(5)). The shell hands its own on to cut.
    const id = await runContainer(cri, pod, shell("cut -d ' ' -f 19 /proc/self/stat"))
    expect(await untilExited(cri, id)).toMatchObject({ exitCode: 0 })
    expect(textsOf(logOf(pod))).toEqual([`${CONTAINER_NICE}`])
  })

  it("uses the image's entrypoint when the pod has no command", async () => {
    const pod = await runPod(bench, cri, 'entrypoint')
    const id = await runContainer(cri, pod, {})
    expect(await untilExited(cri, id)).toMatchObject({ exitCode: 0, reason: 'Completed' })
    expect(textsOf(logOf(pod))).toEqual(['from the entrypoint'])
  })

  it('gets its environment, also variables with unusual names, and nothing from the runtime', async () => {
    const pod = await runPod(bench, cri, 'environment')
    const envs = [
      { key: 'A', value: Buffer.from('eins\nzwei') },
      { key: 'log.level', value: Buffer.from('debug') },
    ]
    const id = await runContainer(cri, pod, { command: ['env', '-0'], envs })
    await untilExited(cri, id)
    const log = textsOf(logOf(pod)).join('\n')
    const env = log.split('\0')
    expect(env).toContain('A=eins\nzwei')
    expect(env).toContain('log.level=debug')
    expect(env).toContain('POD_NETWORK=bench')
    expect(env).toContain('HOSTNAME=environment')
    expect(env).toContain('MATCHDAY_NATIVE_ADDRESS=127.245.1.9')
    expect(log).not.toContain('VITEST')
  })

  it('gets the Node heap that fits its memory limit, unless it sets its own', async () => {
    const pod = await runPod(bench, cri, 'heap')
    const linux = { resources: { memoryLimitInBytes: 512 * 2 ** 20 } }
    const command = ['node', '-p', 'v8.getHeapStatistics().heap_size_limit / 2 ** 20']
    const limited = await runContainer(cri, pod, { command, linux, logPath: 'limited.log' })
    await untilExited(cri, limited)
    const envs = [{ key: 'NODE_OPTIONS', value: Buffer.from('--max-old-space-size=300') }]
    const asked = await runContainer(cri, pod, { command, linux, envs, logPath: 'asked.log' })
    await untilExited(cri, asked)
    expect(textsOf(logOf(pod, 'limited.log'))).toEqual(['259'])
    expect(textsOf(logOf(pod, 'asked.log'))).toEqual(['303'])
  })

  it('keeps what Node compiled for the next start of its image, as the user that it runs as', async () => {
    const script = join(bench.root, 'script.cjs')
    writeFileSync(script, 'console.log(process.getuid())')
    const pod = await runPod(bench, cri, 'compiled')
    const id = await runContainer(cri, pod, { command: ['node', script] })
    expect(await untilExited(cri, id)).toMatchObject({ exitCode: 0 })
    const made = readdirSync(join(labPaths(bench.root).images, 'sh', 'compile-cache'))
    // Node names its folder by version and user.
    expect(made.map((name) => name.split('-').at(-1))).toContain(textsOf(logOf(pod))[0])
  })

  it('keeps it for a native image too, if the entrypoint is Node', async () => {
    const script = join(bench.root, 'script.cjs')
    writeFileSync(script, 'console.log(1)')
    const pod = await runPod(bench, cri, 'native-with-node')
    const id = await runContainer(cri, pod, { image: { image: 'bench/native-with-node' }, command: ['node', script] })
    expect(await untilExited(cri, id)).toMatchObject({ exitCode: 0 })
    expect(readdirSync(join(labPaths(bench.root).images, 'native-with-node', 'compile-cache'))).not.toEqual([])
  })

  it('sees its volumes below MATCHDAY_ROOT', async () => {
    const volume = join(bench.root, 'volumes', 'config')
    mkdirSync(volume, { recursive: true })
    writeFileSync(join(volume, 'app.yaml'), 'level: debug\n')
    const pod = await runPod(bench, cri, 'volumes')
    const mounts = [
      { containerPath: '/etc/config', hostPath: volume },
      { containerPath: '/../../escape', hostPath: volume },
    ]
    const id = await runContainer(cri, pod, {
      ...shell('cat $MATCHDAY_ROOT/etc/config/app.yaml; ls $MATCHDAY_ROOT'),
      mounts,
    })
    expect(await untilExited(cri, id)).toMatchObject({ exitCode: 0 })
    expect(textsOf(logOf(pod))).toEqual(['level: debug', 'escape', 'etc', 'tmp'])
  })

  it('is stopped by SIGTERM to its main process, then with all its processes by SIGKILL after the grace period', async () => {
    const pod = await runPod(bench, cri, 'stop')
    const polite = await runContainer(cri, pod, {
      ...shell('trap "exit 3" TERM; echo up; while :; do sleep 0.05; done'),
      logPath: 'a.log',
    })
    // setsid takes the child out of the session, so that no signal to a process group reaches it
    const stubborn = await runContainer(cri, pod, {
      ...shell(`trap "" TERM; setsid ${marked('a')} & echo up; while :; do sleep 0.05; done`),
      logPath: 'b.log',
    })
    await until(() => (logOf(pod, 'a.log') && logOf(pod, 'b.log') ? true : undefined))
    await cri.call('StopContainer', { containerId: polite, timeout: 5 })
    expect(await statusOf(cri, polite)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 3 })
    const before = Date.now()
    await cri.call('StopContainer', { containerId: stubborn, timeout: 1 })
    expect(Date.now() - before).toBeGreaterThan(900)
    expect(await statusOf(cri, stubborn)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 137 })
    expect(runningCommands(marked('a'))).toBe(0)
  })

  it('ends together with its background processes', async () => {
    const pod = await runPod(bench, cri, 'background')
    const id = await runContainer(cri, pod, shell(`setsid ${marked('b')} & exit 0`))
    await untilExited(cri, id)
    expect(runningCommands(marked('b'))).toBe(0)
  })

  it('with a program that does not exist fails to start, and names the program', async () => {
    const pod = await runPod(bench, cri, 'no-program')
    const id = await createContainer(cri, pod, { command: ['no-such-program'] })
    await expect(cri.call('StartContainer', { containerId: id })).rejects.toThrow(
      /"no-such-program": executable file not found/,
    )
    expect(await statusOf(cri, id)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 128, reason: 'StartError' })
  })

  it('starts only once', async () => {
    const pod = await runPod(bench, cri, 'once')
    const id = await runContainer(cri, pod, shell('sleep 30'))
    await expect(cri.call('StartContainer', { containerId: id })).rejects.toThrow(/FAILED_PRECONDITION/)
  })

  it('continues in a new log file after rotation', async () => {
    const pod = await runPod(bench, cri, 'rotation')
    const id = await runContainer(
      cri,
      pod,
      shell('echo before; while [ ! -e $TMPDIR/go ]; do sleep 0.02; done; echo after'),
    )
    await until(() => (logOf(pod).includes('before') ? true : undefined))
    renameSync(join(pod.logDirectory, 'main.log'), join(pod.logDirectory, 'main.log.1'))
    await cri.call('ReopenContainerLog', { containerId: id })
    await cri.call('ExecSync', { containerId: id, cmd: ['sh', '-c', 'touch $TMPDIR/go'], timeout: 5 })
    await untilExited(cri, id)
    expect(textsOf(logOf(pod, 'main.log.1'))).toEqual(['before'])
    expect(textsOf(logOf(pod))).toEqual(['after'])
  })

  it.runIf(process.getuid?.() === 0)('never runs as root, even if the lab does', async () => {
    const pod = await runPod(bench, cri, 'users')
    const nobody = await runContainer(cri, pod, { ...shell('id -u; touch $TMPDIR/x'), logPath: 'nobody.log' })
    const chosen = await runContainer(cri, pod, {
      ...shell('id -u; id -g; id -G'),
      logPath: 'chosen.log',
      linux: {
        securityContext: { runAsUser: { value: 10001 }, runAsGroup: { value: 10002 }, supplementalGroups: [2000] },
      },
    })
    expect(await untilExited(cri, nobody)).toMatchObject({ exitCode: 0, user: { linux: { uid: 65534 } } })
    await untilExited(cri, chosen)
    expect(textsOf(logOf(pod, 'nobody.log'))).toEqual(['65534'])
    expect(textsOf(logOf(pod, 'chosen.log'))).toEqual(['10001', '10002', '10002 2000'])
    const asRoot = { ...shell('id'), linux: { securityContext: { runAsUser: { value: 0 } } } }
    await expect(createContainer(cri, pod, asRoot)).rejects.toThrow(/never runs a container as root/)
  })

  it('reports what the lab does not enforce', async () => {
    const pod = await runPod(bench, cri, 'unenforced')
    await createContainer(cri, pod, {
      ...shell('true'),
      linux: {
        resources: { memoryLimitInBytes: 1 << 20 },
        securityContext: {
          readonlyRootfs: true,
          noNewPrivs: true,
          capabilities: { dropCapabilities: ['ALL'] },
          seccomp: { profileType: 'RuntimeDefault' },
        },
      },
    })
    await until(() => bench.told().includes('notice unenforced') || undefined)
    expect(bench.told()).toContain(
      'notice unenforced: container main: no memory limit, no read-only root file system, no dropped capabilities, no ban on privilege escalation, no seccomp profile in the lab, where a container is a process',
    )
  })
})

describe('a sandbox', () => {
  it('keeps its address until it is stopped, and ends its containers with it', async () => {
    const pod = await runPod(bench, cri, 'life')
    const id = await runContainer(cri, pod, shell(marked('c')))
    const { status } = await cri.call<{ status: { network: { ip: string }; state: string } }>('PodSandboxStatus', {
      podSandboxId: pod.sandbox,
    })
    expect(status).toMatchObject({ state: 'SANDBOX_READY', network: { ip: bench.address(pod.sandbox) } })
    await cri.call('StopPodSandbox', { podSandboxId: pod.sandbox })
    expect(runningCommands(marked('c'))).toBe(0)
    expect(bench.address(pod.sandbox)).toBeUndefined()
    expect(await statusOf(cri, id)).toMatchObject({ state: 'CONTAINER_EXITED' })
    await cri.call('RemovePodSandbox', { podSandboxId: pod.sandbox })
    await expect(cri.call('PodSandboxStatus', { podSandboxId: pod.sandbox })).rejects.toThrow(/NOT_FOUND/)
    await expect(cri.call('ContainerStatus', { containerId: id })).rejects.toThrow(/NOT_FOUND/)
    await cri.call('RemovePodSandbox', { podSandboxId: pod.sandbox })
  })

  it('is listed by label and state', async () => {
    const pod = await runPod(bench, cri, 'listed')
    const running = await runContainer(cri, pod, { ...shell('sleep 30'), labels: { tier: 'front' } })
    const created = await createContainer(cri, pod, { ...shell('true'), labels: { tier: 'front' } })
    const list = async (filter: object) => {
      const { containers } = await cri.call<{ containers: { id: string }[] }>('ListContainers', { filter })
      return containers.map(({ id }) => id)
    }
    expect(await list({ labelSelector: { tier: 'front' }, state: { state: 'CONTAINER_RUNNING' } })).toEqual([running])
    expect(await list({ podSandboxId: pod.sandbox })).toEqual([running, created])
    expect(await list({ id: created.slice(0, 13) })).toEqual([created])
    expect(await list({ labelSelector: { tier: 'back' } })).toEqual([])
    const { items } = await cri.call<{ items: { id: string }[] }>('ListPodSandbox', {
      filter: { labelSelector: { app: 'listed' } },
    })
    expect(items.map(({ id }) => id)).toEqual([pod.sandbox])
  })
})

/** A command that is unique to this run. */
const marked = (letter: 'a' | 'b' | 'c') => `sleep 30${letter.charCodeAt(0)}.${process.pid}`

/** How many processes of this machine have that command line. */
function runningCommands(command: string): number {
  return readPids().filter((pid) => commandOf(pid) === command).length
}

const readPids = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name))

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}
