/** Kubeconfigs as they are found in the wild (../shared/cases/kubeconfig): read and used as kubectl does. */
import { once } from 'node:events'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttp, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { connectKubernetes } from '../../../src/adapters/kubernetes/connect.ts'
import { createAuthority } from '../../../src/lab/control-plane/certificates.ts'
import { paths } from '../../../src/protocols/kubernetes/api.ts'
import { performed } from '../../support/command.ts'
import { tempFolder } from '../../support/temp-folder.ts'

type Seen = { readonly path: string; readonly headers: IncomingMessage['headers'] }
let folder = ''
let seen: Seen[] = []
let port = 0
let authority = ''
/** Which `Authorization` the server takes now. */
let takes: (authorization: string) => boolean

beforeEach(async () => {
  folder = tempFolder()
  seen = []
  takes = (authorization) => authorization === 'Bearer good'
  const made = await createAuthority('test authority')
  const names = { dnsNames: ['localhost', 'kube.example'], addresses: ['127.0.0.1'] }
  const { certificate, key } = await made.issue({ commonName: 'server', use: 'server', ...names })
  authority = made.certificate
  port = await listening(createHttps({ cert: certificate, key }, answers))
  return () => vi.unstubAllEnvs()
})

const answers: RequestListener = (request, response) => {
  const { url = '', headers } = request
  seen.push({ path: url, headers })
  const say = (status: number, body: object) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  if (url.includes('/proxy/')) return say(401, { error: 'the pod says so' })
  if (!takes(headers.authorization ?? '')) return say(401, { kind: 'Status', code: 401, message: 'Unauthorized' })
  if (url.includes('watch=true')) return void response.writeHead(200).write('{"type":"BOOKMARK","object":{}}\n')
  say(200, { kind: 'List', metadata: { resourceVersion: '1' }, items: [] })
}

async function listening(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A proxy that knows every name as this machine; gives its address and what it was asked to connect to. */
async function proxy(): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = []
  const server = createHttp().on('connect', (request: IncomingMessage, client, head) => {
    asked.push(request.url ?? '')
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.write(head)
      upstream.pipe(client).pipe(upstream)
    })
    for (const socket of [client, upstream]) socket.on('error', () => upstream.destroy())
  })
  return { url: `http://127.0.0.1:${await listening(server)}`, asked }
}

const data = () => Buffer.from(authority).toString('base64')
const config = (cluster: object = {}, user: object = { token: 'good' }): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'prod',
  clusters: [
    {
      name: 'c',
      cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': data(), ...cluster },
    },
  ],
  users: [{ name: 'u', user }],
  contexts: [{ name: 'prod', context: { cluster: 'c', user: 'u' } }],
})

function written(name: string, content: object | string): string {
  const file = join(folder, name)
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

/** A login plugin; what it prints is a shell text. */
function plugin(name: string, script: string): string {
  const file = written(name, `#!/bin/sh\necho ran >> "${join(folder, 'runs')}"\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}
const runs = () => readFileSync(join(folder, 'runs'), 'utf8').trim().split('\n').length

const open = (kubeconfig?: string) =>
  connectKubernetes({ context: 'prod', ...(kubeconfig === undefined ? {} : { kubeconfig }) })
const pods = { method: 'GET', path: paths.pods('casino') } as const
const statusOf = async (kubeconfig?: string) => (await (await open(kubeconfig)).request(pods)).status

describe('paths and files of a kubeconfig', () => {
  it('are relative to it, whether it is given by flag or by variable (d01-relative-ca)', async () => {
    written('ca.crt', authority)
    const file = written(
      'kubeconfig',
      config({ 'certificate-authority-data': undefined, 'certificate-authority': 'ca.crt' }),
    )
    expect(await statusOf(file)).toBe(200)
    vi.stubEnv('KUBECONFIG', file)
    expect(await statusOf()).toBe(200)
  })

  it('may be several: a missing one is skipped, and the first with a value wins (d23-split)', async () => {
    written('ca.crt', authority)
    const cluster = { server: `https://127.0.0.1:${port}`, 'certificate-authority': 'ca.crt' }
    const a = written('a', { clusters: [{ name: 'c', cluster }] })
    const { users, contexts } = config() as { users: unknown; contexts: unknown }
    const other = { name: 'c', cluster: { server: 'https://127.0.0.1:1' } }
    const b = written('b', { users, contexts, clusters: [other] })
    vi.stubEnv('KUBECONFIG', [join(folder, 'missing'), a, b].join(delimiter))
    expect(await statusOf()).toBe(200)
  })

  it('read a tokenFile again when its token is refused', async () => {
    written('token', 'old\n')
    const file = written('kubeconfig', config({}, { tokenFile: 'token', token: 'bad' }))
    takes = (authorization) => authorization === 'Bearer old'
    const api = await open(file)
    expect((await api.request(pods)).status).toBe(200)
    written('token', 'new\n')
    takes = (authorization) => authorization === 'Bearer new'
    expect((await api.request(pods)).status).toBe(200)
  })
})

describe('a login plugin', () => {
  const login = (command: string, more: object = {}) =>
    config({}, { exec: { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never', ...more } })
  /** Prints a token that says when it ends, in milliseconds since 1970, some seconds from now. */
  const expiring = (seconds: number) => `
end=$(( $(date +%s) + ${seconds} ))
printf '{"status":{"token":"exp-%s000","expirationTimestamp":"%s"}}' "$end" "$(date -u -d @$end +%Y-%m-%dT%H:%M:%SZ)"`
  const unexpired = (authorization: string) => Number(/exp-(\d+)$/.exec(authorization)?.[1]) > Date.now()

  it('runs again before its token expires (d10-exec-expiring)', async () => {
    vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)
    plugin('plugin.sh', expiring(2))
    takes = unexpired
    const api = await open(written('kubeconfig', login('plugin.sh')))
    const until = performance.now() + 4500
    while (performance.now() < until) {
      expect((await api.request(pods)).status).toBe(200)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(seen.length).toBeGreaterThan(20)
    expect(runs()).toBeLessThan(15)
    expect(runs()).toBeGreaterThan(1)
  })

  it('runs again after a 401, also for a watch, and not after a refusal by a pod', async () => {
    plugin('plugin.sh', `printf '{"status":{"token":"token-%s"}}' $(wc -l < "${join(folder, 'runs')}")`)
    takes = (authorization) => authorization === 'Bearer token-1'
    const api = await open(written('kubeconfig', login('./plugin.sh')))
    expect((await api.request(pods)).status).toBe(200)
    takes = (authorization) => authorization === 'Bearer token-2'
    const together = await Promise.all([api.request(pods), api.request({ ...pods, method: 'DELETE' })])
    expect(together.map(({ status }) => status)).toEqual([200, 200])
    expect(runs()).toBe(2)
    expect((await api.request({ method: 'GET', path: paths.podProxy('casino', 'p', 80, '/') })).status).toBe(401)
    expect(runs()).toBe(2)
    takes = (authorization) => seen.length < 6 || authorization === 'Bearer token-3'
    const stop = new AbortController()
    const lost: string[] = []
    const watched = api.watch(
      { path: pods.path, reduce: () => '', onEvent: () => undefined, onLost: (problem) => void lost.push(problem) },
      stop.signal,
    )
    await expect.poll(() => seen.at(-1)?.headers.authorization).toBe('Bearer token-3')
    stop.abort()
    await watched
    expect(lost).toEqual([])
  })

  it.each([
    ['fails', 'echo "AADSTS70043: the refresh token has expired" >&2\nexit 7', /exit code 7: AADSTS70043: the refresh/],
    ['prints something else', 'echo hello', /printed no ExecCredential/],
    ['prints no login', `echo '{"status":{}}'`, /neither a token nor a certificate/],
  ])('that %s ends in exit code 5 with its own words (d12-exec-fails)', async (_, script, said) => {
    const file = written('kubeconfig', login(plugin('fail.sh', script)))
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"prod"', '"lab"'))
    const target = ['--context', 'lab', '--kubeconfig', file, '--target', 'scenarios/targets/lab.yaml']
    const { code, stderr } = await performed('check', ...target)
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringMatching(said) })
    expect(stderr).toMatch(/^environment [\s\S]*\n {2}Next: /)
  })

  it('that does not exist is named in the error', async () => {
    const file = written('kubeconfig', login('no-such-plugin', { installHint: 'Install it from …' }))
    await expect((await open(file)).request(pods)).rejects.toMatchObject({
      message: expect.stringMatching(/no-such-plugin.*ENOENT/),
      next: 'Install it from …',
    })
  })
})

describe('the connection to the server', () => {
  it('goes through the proxy of the kubeconfig, also for a server on this machine (d05-proxy-url)', async () => {
    const { url, asked } = await proxy()
    const file = written('kubeconfig', config({ server: 'https://localhost:443', 'proxy-url': url }))
    expect(await statusOf(file)).toBe(200)
    expect(asked).toEqual(['localhost:443'])
  })

  it('goes through HTTPS_PROXY, except for NO_PROXY and this machine', async () => {
    const { url, asked } = await proxy()
    vi.stubEnv('HTTPS_PROXY', url)
    expect(await statusOf(written('kubeconfig', config({ server: 'https://kube.example:6443' })))).toBe(200)
    expect(await statusOf(written('kubeconfig', config()))).toBe(200)
    expect(asked).toEqual(['kube.example:6443'])
    vi.stubEnv('NO_PROXY', 'kube.example')
    const direct = open(written('kubeconfig', config({ server: 'https://kube.example:6443' })))
    await expect((await direct).request(pods)).rejects.toThrow(/no answer/)
    expect(asked).toHaveLength(1)
  })

  it('is refused if matchday cannot use the proxy, instead of bypassing it', async () => {
    const file = written('kubeconfig', config({ 'proxy-url': 'socks5://127.0.0.1:1080' }))
    await expect(open(file)).rejects.toMatchObject({ message: expect.stringContaining('socks5://127.0.0.1:1080') })
    expect(seen).toEqual([])
  })

  it('uses the service account of a pod without a kubeconfig, and reads its token again', async () => {
    vi.stubEnv('KUBECONFIG', join(folder, 'missing'))
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '127.0.0.1')
    vi.stubEnv('KUBERNETES_SERVICE_PORT', String(port))
    written('ca.crt', authority)
    written('token', 'old')
    takes = (authorization) => authorization === 'Bearer old'
    const api = await connectKubernetes({ context: 'in-cluster', serviceAccount: folder })
    expect((await api.request(pods)).status).toBe(200)
    written('token', 'new')
    takes = (authorization) => authorization === 'Bearer new'
    expect((await api.request({ ...pods, method: 'DELETE' })).status).toBe(200)
  })

  it('may be plain HTTP, as of `kubectl proxy`, below a path', async () => {
    takes = () => true
    port = await listening(createHttp(answers))
    expect(await statusOf(written('kubeconfig', config({ server: `http://127.0.0.1:${port}/k8s/c-1/` })))).toBe(200)
    expect(seen[0]?.path).toBe('/k8s/c-1/api/v1/namespaces/casino/pods')
  })

  it('impersonates a user with groups', async () => {
    const user = {
      token: 'good',
      as: 'ann',
      'as-groups': ['ops', 'oncall'],
      'as-user-extra': { 'reason/x': ['drill'] },
    }
    expect(await statusOf(written('kubeconfig', config({}, user)))).toBe(200)
    expect(seen[0]?.headers).toMatchObject({
      'impersonate-user': 'ann',
      'impersonate-group': 'ops, oncall',
      'impersonate-extra-reason%2fx': 'drill',
    })
  })
})

it('a file that is missing is an environment error where it was named', async () => {
  await expect(open(join(dirname(folder), 'no-such-file'))).rejects.toMatchObject({
    next: expect.stringContaining('--kubeconfig'),
  })
})
