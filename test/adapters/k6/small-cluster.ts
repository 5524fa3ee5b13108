/**
 * An API server that runs the Jobs it is given as processes of this machine, each at a loopback address of its own: real k6, a real relay, real pod logs and
 * exit codes through its proxy. What a kubelet adds is shown by runners.long.test.ts.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { KubernetesApi } from '../../../src/protocols/kubernetes/api.ts'
import { Plain, refusal, smallApiServer } from '../../support/small-api-server.ts'
import { tempFolder } from '../../support/temp-folder.ts'

type Container = {
  readonly name: string
  readonly command: readonly string[]
  readonly env: readonly {
    readonly name: string
    readonly value?: string
    readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } }
  }[]
}
type Made = {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly data?: Readonly<Record<string, string>>
  readonly binaryData?: Readonly<Record<string, string>>
  readonly stringData?: Readonly<Record<string, string>>
  readonly spec?: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly [Container]
        readonly volumes: readonly [{ readonly configMap: { readonly name: string } }]
      }
    }
  }
}

type Pod = {
  readonly name: string
  readonly ip: string
  readonly part: string
  readonly labels: Readonly<Record<string, string>>
  readonly process: ChildProcess
  readonly log: string[]
  code?: number
}

export type SmallCluster = {
  readonly api: KubernetesApi
  /** By `kind/name`; all that is there now. */
  readonly objects: ReadonlyMap<string, Made>
  readonly pods: ReadonlyMap<string, Pod>
  /** Kills the pod of a part, as the kernel does when memory is short. */
  kill(part: string): void
}

let nextNet = 0

/** `binary`: k6, which the image of a real cluster has on its PATH. */
/** As a kubelet does, where no variable of that name is known. */
const expanded = (text: string): string => text.replaceAll('$$', '$')

export async function smallCluster(binary: string): Promise<SmallCluster> {
  const objects = new Map<string, Made>()
  const pods = new Map<string, Pod>()
  const net = `127.${60 + (process.pid % 60)}.${nextNet++ % 250}`
  const folder = tempFolder()

  const start = (job: Made): void => {
    const spec = job.spec?.template.spec
    if (spec === undefined) throw new Error('a Job without pods')
    const ip = `${net}.${pods.size + 1}`
    const place = join(folder, job.metadata.name)
    const files = objects.get(`ConfigMap/${spec.volumes[0].configMap.name}`)
    mkdirSync(place)
    for (const [name, text] of Object.entries(files?.data ?? {}))
      writeFileSync(join(place, name), text.replace(/\.listen\((\d+)\)/, `.listen($1, '${ip}')`))
    for (const [name, base64] of Object.entries(files?.binaryData ?? {}))
      writeFileSync(join(place, name), Buffer.from(base64, 'base64'))
    const [container] = spec.containers
    const [program = '', ...args] = container.command.map((each) =>
      expanded(each).replace('/matchday', place).replace('0.0.0.0', ip),
    )
    const env = Object.fromEntries(
      container.env.map(({ name, value, valueFrom: from }) => [
        name,
        (value && expanded(value)) ??
          objects.get(`Secret/${from?.secretKeyRef.name}`)?.stringData?.[from?.secretKeyRef.key ?? ''] ??
          '',
      ]),
    )
    const PATH = `${dirname(binary)}:${dirname(process.execPath)}:${process.env.PATH}`
    const child = spawn(program, args, { env: { ...env, PATH }, cwd: place, stdio: ['ignore', 'pipe', 'pipe'] })
    const pod: Pod = {
      name: `${job.metadata.name}-x1y2z`,
      ip,
      part: job.metadata.labels['matchday.dev/part'] ?? '',
      labels: job.metadata.labels,
      process: child,
      log: [],
    }
    for (const stream of [child.stdout, child.stderr]) {
      let rest = ''
      stream.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() ?? ''
        pod.log.push(...lines.map((line) => `${new Date().toISOString()} ${line}`))
      })
    }
    child.once('close', (code, signal) => {
      pod.code = code ?? (signal === 'SIGKILL' ? 137 : 143)
    })
    pods.set(pod.name, pod)
  }

  const remove = (kind: string, name: string): unknown => {
    if (!objects.delete(`${kind}/${name}`)) return refusal(404)
    for (const pod of pods.values()) {
      if (!pod.name.startsWith(`${name}-`)) continue
      pod.process.kill('SIGKILL')
      pods.delete(pod.name)
    }
    return { kind: 'Status', status: 'Success', code: 200 }
  }

  const api = await smallApiServer(async ({ method, path, query, body }) => {
    const [, kind = '', name] = /\/namespaces\/[^/]+\/([a-z]+)(?:\/([^/]+))?/.exec(path) ?? []
    const proxied = /\/pods\/([^/:]+):(\d+)\/proxy(\/.*)$/.exec(path)
    if (proxied) return passedOn(pods.get(proxied[1] ?? ''), Number(proxied[2]), `${proxied[3]}?${query}`, method, body)
    if (path.endsWith('/log')) return new Plain(logOf(pods.get(name ?? ''), query.get('sinceTime')))
    if (kind === 'pods') return { kind: 'PodList', metadata: {}, items: [...pods.values()].map(shown) }
    const singular = { jobs: 'Job', configmaps: 'ConfigMap', secrets: 'Secret' }[kind]
    if (singular === undefined) return undefined
    if (method === 'POST') {
      const made = body as Made
      objects.set(`${singular}/${made.metadata.name}`, made)
      if (singular === 'Job') start(made)
      return made
    }
    if (method === 'DELETE') return remove(singular, name ?? '')
    if (name !== undefined) return objects.get(`${singular}/${name}`)
    return {
      kind: 'List',
      metadata: {},
      items: [...objects].filter(([key]) => key.startsWith(`${singular}/`)).map(([, each]) => each),
    }
  })
  onTestFinished(() => {
    for (const pod of pods.values()) pod.process.kill('SIGKILL')
  })
  return {
    api,
    objects,
    pods,
    kill: (part) => {
      for (const pod of pods.values()) if (pod.part === part) pod.process.kill('SIGKILL')
    },
  }
}

async function passedOn(
  pod: Pod | undefined,
  port: number,
  path: string,
  method: string,
  body: unknown,
): Promise<unknown> {
  if (pod === undefined) return refusal(404)
  try {
    const response = await fetch(`http://${pod.ip}:${port}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await response.text()
    return response.ok ? new Plain(text) : refusal(response.status)
  } catch {
    return refusal(503)
  }
}

/** Whole seconds, as the kubelet reads `sinceTime`. */
const logOf = (pod: Pod | undefined, since: string | null): string =>
  (pod?.log ?? [])
    .filter((line) => since === null || line.slice(0, 19) >= since.slice(0, 19))
    .map((line) => `${line}\n`)
    .join('')

function shown({ name, ip, labels, code }: Pod): object {
  const terminated =
    code === undefined
      ? {}
      : { terminated: { exitCode: code, reason: code === 0 ? 'Completed' : code === 137 ? 'OOMKilled' : 'Error' } }
  return {
    metadata: { name, labels },
    spec: { nodeName: 'node-1' },
    status: {
      phase: code === undefined ? 'Running' : code === 0 ? 'Succeeded' : 'Failed',
      podIP: ip,
      containerStatuses: [{ state: code === undefined ? { running: {} } : terminated }],
    },
  }
}
