/** A credential that somebody typed where only its place belongs, or that stands where it must. No command shows it, as text or as JSON. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { performed } from '../support/command.ts'
import { freePort } from '../support/ports.ts'
import { afterIdentify, strangeKubeconfig } from '../support/strange-servers.ts'
import { tempFolder } from '../support/temp-folder.ts'

const SECRET = 'pl4ntedT0kenABC'

afterEach(() => vi.unstubAllEnvs())

const target = (spec: string): string => `apiVersion: matchday.dev/v1
kind: Target
metadata: {name: lab}
spec:
  context: lab
  namespace: shop
  ${spec.includes('entry:') ? '' : 'entry: http://127.0.0.1:8080'}
  ${spec.includes('sources: {x') ? '' : 'sources: {}'}
  ${spec}
`

const rehearsal = (load = 'script: load.js'): string => `apiVersion: matchday.dev/v1
kind: Rehearsal
metadata: {name: planted}
spec:
  hypothesis: The shop answers.
  target: {contexts: [lab]}
  load: {${load}}
  blastRadius: {namespaces: [shop], pods: 1, zones: 0}
  timeline: [{phase: steady, for: 5s, load: 1x}]
  slis: {pages: {http: {}}}
  slos: [{sli: pages, objective: 10%}]
`

const SCRIPT = `import http from 'k6/http'
export const options = { scenarios: { a: { executor: 'constant-arrival-rate', rate: 5, duration: '3s', preAllocatedVUs: 2 } } }
export default () => http.get('http://127.0.0.1:1/')
`

type Case = { readonly spec?: string; readonly kubeconfig?: string }

function placed({ spec = '', kubeconfig = '' }: Case) {
  const folder = tempFolder()
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  file('load.js', SCRIPT)
  const context = kubeconfig === '' || kubeconfig.startsWith('/') ? kubeconfig : file('kubeconfig', kubeconfig)
  const flags = ['--target', file('target.yaml', target(spec)), '--context', 'lab', '--kubeconfig', context]
  return { rehearsal: file('planted.rehearsal.yaml', rehearsal()), flags, reports: join(folder, 'reports') }
}

/** All that the commands say. */
async function said(given: Case): Promise<string> {
  const { rehearsal: path, flags, reports } = placed(given)
  const texts: string[] = []
  for (const output of ['text', 'json'])
    for (const words of [['plan', path], ['check', path], ['run', path, '--reports', reports], ['heal']]) {
      const { code, stdout, stderr } = await performed(...words, ...flags, '--output', output)
      // A place that is named and empty is no mistake in the file.
      if (words[0] === 'run') expect(code, stdout + stderr).not.toBe(0)
      texts.push(stdout, stderr)
    }
  return texts.join('\n')
}

const PROMETHEUS = `scrapeInterval: 1s, sources: {carrier: {calls_total: 'calls_total'}}`
const logins = [
  `bearer: ${SECRET}`,
  `basic: 'user:${SECRET}'`,
  `bearer: {env: ${SECRET}}`,
  `bearer: {file: ${SECRET}}`,
  `bearer: {${SECRET}: x}`,
  `bearer: {env: [${SECRET}]}`,
  `basic: {env: '$${SECRET}'}`,
  `token: ${SECRET}`,
]
const urls = [`http://u:${SECRET}@p`, `http://p/?token=${SECRET}`, `http://p/#${SECRET}`, `ftp://${SECRET}@p`]

const nobody = async () => `https://127.0.0.1:${await freePort()}`

describe('a credential in the target file', () => {
  it.each([
    ...logins.flatMap((login) => [
      `prometheus: {url: 'http://127.0.0.1:1', ${login}, ${PROMETHEUS}}`,
      `publish: {remoteWrite: {url: 'http://127.0.0.1:1/w', ${login}}}`,
      `publish: {grafana: {url: 'http://127.0.0.1:1', ${login}}}`,
    ]),
    ...urls.flatMap((url) => [
      `prometheus: {url: '${url}', ${PROMETHEUS}}`,
      `publish: {remoteWrite: {url: '${url}'}}`,
      `publish: {grafana: {url: '${url}'}}`,
      `entry: '${url}'`,
      `releases: {b: {entry: '${url}'}}`,
      `load: {runners: 2, entry: '${url}'}`,
    ]),
    `credentials: {SHOP_TOKEN: ${SECRET}}`,
    `credentials: {SHOP_TOKEN: {env: ${SECRET}}}`,
    `credentials: {SHOP_TOKEN: {file: ${SECRET}}}`,
    `credentials: {SHOP_TOKEN: {value: ${SECRET}}}`,
    `credentials: {SHOP_TOKEN: {secret: {namespace: a, name: b, key: '${SECRET} '}}}`,
    `publish: {remoteWrite: {url: 'http://127.0.0.1:1/w', bearer: {env: ${SECRET}`,
    `publish: {remoteWrite: {url: 'http://u:${SECRET}@p`,
  ])(
    '%s',
    async (spec) => {
      const kubeconfig = await strangeKubeconfig(afterIdentify((_, response) => void response.writeHead(404).end('{}')))
      expect(await said({ spec, kubeconfig })).not.toContain(SECRET)
    },
    60_000,
  )
})

const kubeconfig = (server: string, user: string, cluster = ''): string => `apiVersion: v1
kind: Config
current-context: lab
contexts: [{name: lab, context: {cluster: lab, user: me}}]
clusters: [{name: lab, cluster: {server: '${server}'${cluster}}}]
users: [{name: me, user: ${user}}]
`

describe('a credential in the kubeconfig', () => {
  it.each([
    ['a token', `{token: ${SECRET}}`, '', ''],
    ['a password', `{username: me, password: ${SECRET}}`, '', ''],
    [
      'a key that is none',
      `{client-key-data: ${Buffer.from(SECRET).toString('base64')}, client-certificate-data: eA==}`,
      '',
      '',
    ],
    ['a token file that is not there, and a token', `{tokenFile: /nowhere/x, token: ${SECRET}}`, '', ''],
    [
      'a plugin that fails',
      `{exec: {apiVersion: client.authentication.k8s.io/v1, command: 'false', interactiveMode: Never, env: [{name: A, value: ${SECRET}}]}}`,
      '',
      '',
    ],
    ['the login of a proxy', '{token: x}', `, proxy-url: 'http://u:${SECRET}@127.0.0.1:1'`, ''],
    ['a proxy that is no URL', '{token: x}', `, proxy-url: 'u:${SECRET}@127.0.0.1:1'`, ''],
    ['the login of a server', '{token: x}', '', `u:${SECRET}@`],
    ['a broken line', `{token: ${SECRET}`, '', ''],
  ])(
    '%s',
    async (_, user, cluster, login) => {
      const server = (await nobody()).replace('//', `//${login}`)
      expect(await said({ kubeconfig: kubeconfig(server, user, cluster) })).not.toContain(SECRET)
    },
    60_000,
  )
})

describe('a credential in a flag or a variable', () => {
  it.each([
    ['MATCHDAY_WEBHOOK_URL', `ftp://u:${SECRET}@hooks`],
    ['MATCHDAY_SLACK_URL', `${SECRET} `],
    ['MATCHDAY_WEBHOOK_SECRET', SECRET.slice(0, 8)],
    ['MATCHDAY_SIGN_KEY', `/nowhere/of/${'x'}`],
    ['HTTPS_PROXY', `http://u:${SECRET}@127.0.0.1:1`],
  ])(
    '%s',
    async (name, value) => {
      vi.stubEnv(name, value)
      expect(await said({ kubeconfig: kubeconfig(await nobody(), '{token: x}') })).not.toContain(SECRET.slice(0, 8))
    },
    60_000,
  )

  it.each(urls)(
    'a release %s',
    async (url) => {
      const { rehearsal: path, flags } = placed({ kubeconfig: kubeconfig(await nobody(), '{token: x}') })
      for (const output of ['text', 'json']) {
        const words = ['compare', path, '--a', url, '--b', 'http://127.0.0.1:1', '--output', output]
        const { stdout, stderr } = await performed(...words, ...flags.slice(0, 2))
        expect(stdout + stderr).not.toContain(SECRET)
      }
    },
    60_000,
  )
})
