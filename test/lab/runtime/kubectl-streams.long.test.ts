/** kubectl as people type it, where bytes flow both ways: port-forward, attach, run -i, exec -i; and ports below 1024. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SharedBench, sharedBench } from '../support/shared-bench.ts'

const SERVER = `require('node:http').createServer((_, answer) => answer.end('from port 80')).listen(80)`

const lowPort = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'low-port', labels: { app: 'low-port' } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'web',
        image: 'test/app:1',
        command: ['node', '-e', SERVER],
        ports: [{ containerPort: 80 }],
        readinessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 1 },
        livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1, failureThreshold: 3 },
      },
    ],
  },
}

let bench: SharedBench
beforeAll(async () => {
  bench = await sharedBench()
  await bench.apply(lowPort)
  await bench.kubectl('wait', 'pod/low-port', '--for=condition=Ready', '--timeout=60s')
})
afterAll(() => bench.leave())

const kubectl = (...parameters: readonly string[]) =>
  spawn(bench.state.kubectl, ['--kubeconfig', bench.state.kubeconfig, ...parameters])

async function typed(input: string, ...parameters: readonly string[]) {
  const child = kubectl(...parameters)
  child.stdin.end(input)
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { out, err, code }
}

/** Calls `use` with the local port while it forwards. */
async function forwarded<T>(to: string, port: string, use: (local: number) => Promise<T>): Promise<T> {
  const child = kubectl('port-forward', to, `:${port}`)
  const ended = once(child, 'close')
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const local = /127\.0\.0\.1:(\d+)/.exec(line)?.[1]
      if (local !== undefined) return await use(Number(local))
    }
    throw new Error(`kubectl port-forward ended: ${await text(child.stderr)}`)
  } finally {
    child.kill()
    await ended
  }
}

describe('a pod that listens on port 80', () => {
  it('is Ready by its probes and never restarts', async () => {
    const { status } = await bench.get('pod', 'low-port')
    expect(status.containerStatuses[0]).toMatchObject({ ready: true, restartCount: 0 })
  })

  it("is reached through the API server's proxy", async () => {
    expect(await bench.kubectl('get', '--raw', '/api/v1/namespaces/default/pods/low-port:80/proxy/')).toBe(
      'from port 80',
    )
  })
})

describe('kubectl port-forward', () => {
  it('carries several requests to the pod', async () => {
    const answers = await forwarded('pod/low-port', '80', async (local) => {
      const one = async () => (await fetch(`http://127.0.0.1:${local}/`)).text()
      return [await one(), ...(await Promise.all([one(), one()]))]
    })
    expect(answers).toEqual(Array(3).fill('from port 80'))
  })

  it('says so when nothing in the pod listens', async () => {
    const child = kubectl('port-forward', 'pod/low-port', ':81')
    const told = text(child.stderr)
    const ended = once(child, 'close')
    for await (const line of createInterface({ input: child.stdout })) {
      const local = /127\.0\.0\.1:(\d+)/.exec(line)?.[1]
      if (local === undefined) continue
      await expect(fetch(`http://127.0.0.1:${local}/`)).rejects.toThrow()
      break
    }
    child.kill()
    await ended
    expect(await told).toMatch(/to pod low-port: nothing in the pod listens on port 81/)
  })
})

describe('standard input', () => {
  it('reaches a pod of kubectl run -i, whose exit code comes back', async () => {
    const script = 'read word; echo "heard $word"; exit 4'
    const run = ['run', 'typed', '-i', '--rm', '--quiet', '--restart=Never', '--image=test/app:1', '--command']
    const { out, code } = await typed('hello\n', ...run, '--', 'sh', '-c', script)
    expect([out, code]).toEqual(['heard hello\n', 4])
  })

  it('reaches a command of kubectl exec -i', async () => {
    const { out } = await typed('a,b\n1,2\n', 'exec', '-i', 'low-port', '--', 'cat')
    expect(out).toBe('a,b\n1,2\n')
  })
})
