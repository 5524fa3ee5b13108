import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { labPaths } from '../../../src/lab/machine/paths.ts'
import { isOnPath } from '../../../src/lab/runtime/container/program.ts'
import { hasFirstSize } from '../../../src/lab/runtime/streaming/terminal.ts'
import { type BenchNode, openBenchNode, runContainer, runPod, shell, until } from './bench-node.ts'
import type { CriClient } from './cri-client.ts'
import { upgraded } from './spdy-client.ts'

let bench: BenchNode
let cri: CriClient
let container: string

beforeAll(async () => {
  bench = await openBenchNode()
  cri = bench.cri()
  const pod = await runPod(bench, cri, 'exec')
  const ticking = 'while :; do echo tick; sleep 0.05; done'
  container = await runContainer(cri, pod, { ...shell(ticking), envs: [{ key: 'WHO', value: Buffer.from('pod') }] })
})
afterAll(() => bench.close())

type Stream = {
  stdout: string
  stderr: string
  status: { status: string; message?: string; details?: { causes: { reason: string; message: string }[] } }
}

async function open(url: string, protocol = 'v5.channel.k8s.io'): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http:', 'ws:'), protocol)
  await once(socket, 'open')
  return socket
}

async function readAll(socket: WebSocket): Promise<Stream> {
  const channels: Record<number, string> = { 1: '', 2: '', 3: '' }
  socket.on('message', (message: Buffer) => {
    const channel = message[0] ?? 0
    channels[channel] = (channels[channel] ?? '') + message.subarray(1).toString()
  })
  await once(socket, 'close')
  return { stdout: channels[1] ?? '', stderr: channels[2] ?? '', status: JSON.parse(channels[3] || '{}') }
}

/** The terminal comes from util-linux, if it is installed. */
const hasScript = () => isOnPath('script', process.env.PATH)

async function execUrl(cmd: string[], wanted: object = {}): Promise<string> {
  return (
    await cri.call<{ url: string }>('Exec', { containerId: container, cmd, stdout: true, stderr: true, ...wanted })
  ).url
}

describe('kubectl exec', () => {
  it('carries both output streams and the exit code of a failed command, in the environment of the container', async () => {
    const socket = await open(await execUrl(['sh', '-c', 'echo out $WHO; echo err >&2; exit 7']))
    const { stdout, stderr, status } = await readAll(socket)
    expect(stdout).toBe('out pod\n')
    expect(stderr).toBe('err\n')
    expect(status).toMatchObject({ status: 'Failure', details: { causes: [{ reason: 'ExitCode', message: '7' }] } })
  })

  it('passes on standard input, also what arrives before the command runs, until the client closes it', async () => {
    const socket = await open(await execUrl(['sh', '-c', 'cat; echo end'], { stdin: true }))
    socket.send(Buffer.from('\0eins '))
    socket.send(Buffer.from('\0zwei\n'))
    socket.send(Buffer.from([255, 0]))
    expect(await readAll(socket)).toMatchObject({ stdout: 'eins zwei\nend\n', status: { status: 'Success' } })
  })

  it.runIf(hasScript())('has a terminal on request, and keeps quotes and the exit code', async () => {
    const cmd = ['sh', '-c', `test -t 0 && test -t 1 && stty size; echo "it's $WHO"; exit 5`]
    const socket = await open(await execUrl(cmd, { stdin: true, tty: true }))
    const { stdout, status } = await readAll(socket)
    expect(stdout).toBe("40 120\r\nit's pod\r\n")
    expect(status.details?.causes[0]?.message).toBe('5')
  })

  const size = (columns: number, rows: number) => Buffer.from(`\x04${JSON.stringify({ Width: columns, Height: rows })}`)

  it.runIf(hasScript())('runs in the size that the client sent before the command started', async () => {
    // A slow stty keeps the shell that sets the first size busy while the client's sizes arrive.
    const folder = mkdtempSync(join(tmpdir(), 'slow-stty-'))
    chmodSync(folder, 0o755) // the container may run as another user
    const slow = `#!/bin/sh\nsleep 0.5\nPATH='${process.env.PATH}'\nexec stty "$@"\n`
    writeFileSync(join(folder, 'stty'), slow, { mode: 0o755 })
    const path = { key: 'PATH', value: Buffer.from(`${folder}:${process.env.PATH}`) }
    const slowly = await runContainer(cri, await runPod(bench, cri, 'slow'), { ...shell('sleep 1000'), envs: [path] })
    const cmd = ['sh', '-c', 'until [ "$(stty size)" = "33 99" ]; do sleep 0.05; done; echo seen']
    const socket = await open(await execUrl(cmd, { stdin: true, tty: true, containerId: slowly }))
    const answer = readAll(socket)
    socket.send(size(80, 24))
    socket.send(size(99, 33))
    expect((await answer).stdout).toBe('seen\r\n')
    rmSync(folder, { recursive: true })
  })

  it.each([
    ['is starting its program, and Linux shows nothing', '', false],
    ['is the shell', "sh\0-c\0stty rows 40 cols 120; exec 'bash'\0", false],
    ['is the command', 'bash\0', true],
  ])('leaves the size to the client once the child %s: %j', (_, commandLine, expected) => {
    expect(hasFirstSize(commandLine)).toBe(expected)
  })

  it.runIf(hasScript())("signals the command when the client's window changes", async () => {
    // stty sets rows and columns one after the other: the command gets two signals.
    const onSignal = '[ "$(stty size)" = "33 99" ] && echo seen && exit'
    const cmd = ['sh', '-c', `trap '${onSignal}' WINCH; echo ready; while :; do sleep 0.05; done`]
    const socket = await open(await execUrl(cmd, { stdin: true, tty: true }))
    const answer = readAll(socket)
    await once(socket, 'message') // ready: the trap is set
    socket.send(size(99, 33))
    expect((await answer).stdout).toMatch(/seen\r\n$/)
  })

  it.each([
    ['channel.k8s.io', 'binary'],
    ['base64.channel.k8s.io', 'base64'],
  ])('sends a client of version 1 only the text of an error: %s', async (protocol, form) => {
    const socket = await open(await execUrl(['sh', '-c', 'echo out; exit 7']), protocol)
    const told: string[] = []
    socket.on('message', (message: Buffer) => {
      const data = message.subarray(1)
      told.push(`${message[0]}${form === 'base64' ? Buffer.from(data.toString(), 'base64') : data}`)
    })
    await once(socket, 'close')
    const channel = (number: number) => (form === 'base64' ? 48 + number : number)
    const error = 'command terminated with non-zero exit code: exit status 7'
    expect(told).toEqual([`${channel(1)}out\n`, `${channel(3)}${error}`])
  })

  it('loses nothing of a large output', async () => {
    const socket = await open(await execUrl(['head', '-c', '3000000', '/dev/zero']))
    expect((await readAll(socket)).stdout.length).toBe(3_000_000)
  })

  it('ends the command when the client disconnects', async () => {
    const mark = `sleep 40.${process.pid}`
    const socket = await open(await execUrl(['sh', '-c', `${mark}; true`]))
    const isRunning = async () => {
      const cmd = ['sh', '-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "']
      const { stdout } = await cri.call<{ stdout: Buffer }>('ExecSync', { containerId: container, cmd, timeout: 5 })
      return stdout.toString().includes(`${mark} `)
    }
    await until(async () => (await isRunning()) || undefined)
    socket.terminate()
    await until(async () => !(await isRunning()) || undefined)
  })

  it('reports a program that does not exist', async () => {
    const socket = await open(await execUrl(['no-such-program']))
    expect((await readAll(socket)).status).toMatchObject({
      status: 'Failure',
      message: expect.stringContaining('no-such-program'),
    })
  })

  it('refuses a URL that was already used, plain HTTP, and SPDY', async () => {
    const url = await execUrl(['true'])
    expect((await fetch(url)).status).toBe(426)
    expect(await upgraded(await execUrl(['true']), 'v4.channel.k8s.io')).toBe(426)
    await readAll(await open(url))
    await expect(open(url)).rejects.toThrow(/404/)
  })
})

describe('kubectl attach', () => {
  it('follows the output', async () => {
    const { url } = await cri.call<{ url: string }>('Attach', { containerId: container, stdout: true })
    const socket = await open(url, 'v4.channel.k8s.io')
    const [first] = (await once(socket, 'message')) as [Buffer]
    expect(first[0]).toBe(1)
    expect(first.subarray(1).toString()).toMatch(/^(tick\n)+$/)
    socket.close()
  })
})

describe('standard input of a main process', () => {
  const attached = async (script: string, config: object) => {
    const pod = await runPod(bench, cri, `input-${script.length}-${Object.keys(config).length}`)
    const id = await runContainer(cri, pod, { ...shell(script), stdin: true, ...config })
    const { url } = await cri.call<{ url: string }>('Attach', { containerId: id, stdin: true, stdout: true, ...config })
    return { id, socket: await open(url) }
  }

  it('reaches the process, and ends with the first client if the pod asks for that', async () => {
    const { socket } = await attached('echo ready; cat; echo end', { stdinOnce: true })
    socket.send(Buffer.from('\0eins\n'))
    socket.send(Buffer.from([255, 0]))
    const { stdout, status } = await readAll(socket)
    expect(stdout).toMatch(/eins\nend\n$/)
    expect(status.status).toBe('Success')
  })

  it('stays open for the next client if the pod does not ask for that', async () => {
    const { id, socket } = await attached('read one; read two; echo $one and $two', {})
    socket.send(Buffer.from('\0eins\n'))
    socket.close()
    await once(socket, 'close')
    const { url } = await cri.call<{ url: string }>('Attach', { containerId: id, stdin: true, stdout: true })
    const next = await open(url)
    next.send(Buffer.from('\0zwei\n'))
    expect((await readAll(next)).stdout).toBe('eins and zwei\n')
  })

  it.runIf(hasScript())('comes from a terminal on request', async () => {
    const { socket } = await attached('read line; test -t 0 && test -t 1 && echo "<$line>"; exit 3', { tty: true })
    socket.send(Buffer.from('\0hello\n'))
    const { stdout, status } = await readAll(socket)
    expect(stdout).toContain('<hello>\r\n')
    expect(status.status).toBe('Success')
  })
})

describe('exec for probes and hooks', () => {
  it('returns output and exit code', async () => {
    const answer = await cri.call<{ stdout: Buffer; stderr: Buffer; exitCode: number }>('ExecSync', {
      containerId: container,
      cmd: ['sh', '-c', 'echo a; echo b >&2; exit 4'],
      timeout: 5,
    })
    expect(answer).toMatchObject({ exitCode: 4 })
    expect(answer.stdout.toString()).toBe('a\n')
    expect(answer.stderr.toString()).toBe('b\n')
  })

  it('finds a program by its path in the image', async () => {
    const app = join(labPaths(bench.root).images, 'sh', 'rootfs', 'app')
    mkdirSync(app, { recursive: true })
    writeFileSync(join(app, 'ready'), '#!/bin/sh\necho of the image\n', { mode: 0o755 })
    const { stdout } = await cri.call<{ stdout: Buffer }>('ExecSync', {
      containerId: container,
      cmd: ['/app/ready'],
      timeout: 5,
    })
    expect(stdout.toString()).toBe('of the image\n')
  })

  it('is killed after its time limit, with everything it started', async () => {
    const call = cri.call('ExecSync', { containerId: container, cmd: ['sh', '-c', 'sleep 41 & sleep 41'], timeout: 1 })
    await expect(call).rejects.toThrow(/DEADLINE_EXCEEDED.*longer than 1 s/)
  })

  it('needs a running container', async () => {
    await expect(cri.call('ExecSync', { containerId: 'none', cmd: ['true'], timeout: 1 })).rejects.toThrow(/NOT_FOUND/)
  })
})
