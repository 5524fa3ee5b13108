/**
 * A context of a kubeconfig, read as kubectl reads it (client-go, tools/clientcmd/loader.go): several files are merged, and the first definition of a
 * name wins. A missing file of KUBECONFIG is skipped. Relative paths start at the folder of the file that contains them.
 */
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { parse } from 'yaml'
import { EnvironmentError } from '../../controller/ports.ts'
import { messageOf, urlToShow } from '../../domain/unknown.ts'
import type { Fields } from '../../protocols/fields.ts'
import { type ExecLogin, execLoginOf } from './exec-login.ts'
import { fields, list, optional, text } from './fields.ts'

export type Access = {
  readonly context: string
  readonly server: string
  readonly proxyUrl?: string
  readonly tls: Tls
  /** Impersonation. */
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly login: Login
}

/** Certificates and keys are PEM texts. */
export type Tls = {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly rejectUnauthorized?: boolean
  readonly servername?: string
}

export type Login =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'token-file'; readonly file: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'exec'; readonly exec: ExecLogin }
  | { readonly kind: 'auth-provider'; readonly provider: Fields }

export type AccessChoice = {
  readonly kubeconfig?: string
  readonly context?: string
  /** Where a pod has its account, if not where Kubernetes puts it. */
  readonly serviceAccount?: string
}

/** @throws EnvironmentError for an unreadable file, an unknown context, or one that names no cluster */
export function readAccess(choice: AccessChoice): Access {
  const config = merged(choice)
  const name = choice.context ?? config.current
  const context = config.contexts.get(name)
  if (!context)
    throw new EnvironmentError(
      `the kubeconfig has no context ${name || '(none is chosen)'}; it has ${[...config.contexts.keys()].join(', ') || 'none'}`,
      'Choose one of them with --context.',
    )
  const cluster = config.clusters.get(text(context.body.cluster))
  if (!cluster || text(cluster.body.server) === '')
    throw new EnvironmentError(`context ${name} names no cluster`, 'Repair the kubeconfig: kubectl config view')
  const user = config.users.get(text(context.body.user)) ?? { body: {}, folder: '' }
  return {
    context: name,
    server: text(cluster.body.server).replace(/\/$/, ''),
    ...optional('proxyUrl', proxyOf(name, text(cluster.body['proxy-url']))),
    tls: tlsOf(cluster, user),
    headers: impersonation(user.body),
    login: loginOf(user, cluster.body),
  }
}

/** Another kind of proxy would be passed over in silence, and the login sent elsewhere than the kubeconfig says. */
function proxyOf(context: string, url: string): string | undefined {
  if (url === '' || /^https?:\/\//i.test(url)) return url || undefined
  throw new EnvironmentError(
    `context ${context} names the proxy ${urlToShow(url)}, and matchday goes through HTTP proxies only`,
    'Give an http:// proxy as proxy-url, for example one in front of the SOCKS proxy, or reach the cluster without one.',
  )
}

/** Something that a file names, and the folder where its relative paths start. */
type Entry = { readonly body: Fields; readonly folder: string }
type Named = Map<string, Entry>
type Config = { readonly clusters: Named; readonly users: Named; readonly contexts: Named; current: string }

function merged({ kubeconfig, serviceAccount = SERVICE_ACCOUNT }: AccessChoice): Config {
  const config: Config = { clusters: new Map(), users: new Map(), contexts: new Map(), current: '' }
  const files = filesOf(kubeconfig)
  for (const file of files) merge(config, file)
  if (files.length === 0) mergeServiceAccount(config, serviceAccount)
  return config
}

function filesOf(flag: string | undefined): readonly string[] {
  if (flag !== undefined) return [flag]
  const named = (process.env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '')
  const files = named.length > 0 ? named : [join(process.env.HOME ?? homedir(), '.kube', 'config')]
  return files.filter((file) => existsSync(file))
}

function merge(config: Config, file: string): void {
  const content = contentOf(file)
  const folder = dirname(file)
  const take = (into: Named, entries: unknown, key: string) => {
    for (const entry of list(entries)) {
      const name = text(entry.name)
      if (name !== '' && !into.has(name)) into.set(name, { body: fields(entry[key]), folder })
    }
  }
  take(config.clusters, content.clusters, 'cluster')
  take(config.users, content.users, 'user')
  take(config.contexts, content.contexts, 'context')
  config.current ||= text(content['current-context'])
}

function contentOf(file: string): Fields {
  try {
    return fields(parse(readFileSync(file, 'utf8')))
  } catch (error) {
    // Below its first line a YAML error quotes the file, where a token may stand.
    const [problem] = messageOf(error).split('\n')
    throw new EnvironmentError(
      `cannot read the kubeconfig ${file}: ${problem}`,
      'Give a readable file with --kubeconfig.',
      error,
    )
  }
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Inside a pod without a kubeconfig, the pod's own account, as the context `in-cluster`. */
function mergeServiceAccount(config: Config, folder: string): void {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = process.env
  if (host === undefined || !existsSync(join(folder, 'token'))) return
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  const name = 'in-cluster'
  config.clusters.set(name, { body: { server, 'certificate-authority': 'ca.crt' }, folder })
  config.users.set(name, { body: { tokenFile: 'token' }, folder })
  config.contexts.set(name, { body: { cluster: name, user: name }, folder })
}

const pathIn = (folder: string, file: string): string => (isAbsolute(file) ? file : join(folder, file))

/** PEM from `<key>-data`, which wins as in client-go, or from the file that `<key>` names. */
function pemOf({ body, folder }: Entry, key: string): string | undefined {
  const data = text(body[`${key}-data`])
  if (data !== '') return Buffer.from(data, 'base64').toString('utf8')
  const file = text(body[key])
  if (file === '') return undefined
  try {
    return readFileSync(pathIn(folder, file), 'utf8')
  } catch (error) {
    throw new EnvironmentError(
      `cannot read ${key} of the kubeconfig: ${messageOf(error)}`,
      'Give a readable file there; relative paths start at the folder of the kubeconfig.',
      error,
    )
  }
}

function tlsOf(cluster: Entry, user: Entry): Tls {
  return {
    ...optional('ca', pemOf(cluster, 'certificate-authority')),
    ...optional('cert', pemOf(user, 'client-certificate')),
    ...optional('key', pemOf(user, 'client-key')),
    ...(cluster.body['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}),
    ...optional('servername', text(cluster.body['tls-server-name']) || undefined),
  }
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
function impersonation(user: Fields): Access['headers'] {
  const groups = Array.isArray(user['as-groups']) ? user['as-groups'].map(text) : []
  const extra = Object.entries(fields(user['as-user-extra'])).map(([key, values]) => [
    `Impersonate-Extra-${encodeURIComponent(key)}`,
    Array.isArray(values) ? values.map(text) : [],
  ])
  return {
    ...optional('Impersonate-User', text(user.as) || undefined),
    ...optional('Impersonate-Uid', text(user['as-uid']) || undefined),
    ...optional('Impersonate-Group', groups.length > 0 ? groups : undefined),
    ...Object.fromEntries(extra),
  }
}

function loginOf({ body, folder }: Entry, cluster: Fields): Login {
  const [token, file, username] = [text(body.token), text(body.tokenFile), text(body.username)]
  if (file !== '') return { kind: 'token-file', file: pathIn(folder, file) }
  if (token !== '') return { kind: 'token', token }
  if (username !== '') return { kind: 'basic', username, password: text(body.password) }
  if (body.exec !== undefined) return { kind: 'exec', exec: execLoginOf(fields(body.exec), folder, cluster) }
  if (body['auth-provider'] !== undefined) return { kind: 'auth-provider', provider: fields(body['auth-provider']) }
  return { kind: 'none' }
}
