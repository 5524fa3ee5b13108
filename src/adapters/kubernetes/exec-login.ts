/**
 * A login plugin of the kubeconfig (`users[].user.exec`), as client-go runs it. Protocol: client.authentication.k8s.io ExecCredential,
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins.
 */
import { spawn } from 'node:child_process'
import { isAbsolute, join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { EnvironmentError } from '../../controller/ports.ts'
import type { Fields } from '../../protocols/fields.ts'
import { fields, list, optional, text } from './fields.ts'

export type ExecLogin = {
  readonly apiVersion: string
  readonly command: string
  readonly parameters: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly interactive: 'Never' | 'IfAvailable' | 'Always'
  readonly installHint: string
  /** The cluster information for the plugin, if it asks for it. */
  readonly cluster?: Fields
}

export type ExecCredential = {
  readonly token?: string
  readonly cert?: string
  readonly key?: string
  /** Milliseconds since 1970. */
  readonly expiresAt?: number
}

export function execLoginOf(exec: Fields, folder: string, cluster: Fields): ExecLogin {
  const command = text(exec.command)
  const mode = text(exec.interactiveMode)
  return {
    apiVersion: text(exec.apiVersion) || 'client.authentication.k8s.io/v1',
    // As client-go: a path starts at the kubeconfig's folder, a bare name is looked for on the PATH.
    command: command.includes('/') && !isAbsolute(command) ? join(folder, command) : command,
    parameters: Array.isArray(exec.args) ? exec.args.map(text) : [],
    env: Object.fromEntries(list(exec.env).map((each) => [text(each.name), text(each.value)])),
    interactive: mode === 'Never' || mode === 'Always' ? mode : 'IfAvailable',
    installHint: text(exec.installHint),
    ...(exec.provideClusterInfo === true ? { cluster: clusterInfo(cluster) } : {}),
  }
}

const clusterInfo = (cluster: Fields): Fields => ({
  server: cluster.server,
  'tls-server-name': cluster['tls-server-name'],
  'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
  'certificate-authority-data': cluster['certificate-authority-data'],
  'proxy-url': cluster['proxy-url'],
})

/** A plugin may ask the user to log in with a browser. One that hangs must not block an undo for ever. */
const PLUGIN_TIMEOUT_MS = 60_000

/** Runs the plugin once. @throws EnvironmentError with the plugin's own message */
export async function runExecLogin(login: ExecLogin): Promise<ExecCredential> {
  const interactive = login.interactive !== 'Never' && process.stdin.isTTY === true
  const info = {
    apiVersion: login.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive, ...(login.cluster ? { cluster: login.cluster } : {}) },
  }
  const child = spawn(login.command, login.parameters, {
    stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...login.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    timeout: PLUGIN_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(code === 0 ? '' : `exit code ${code ?? signal}`))
  })
  const [how, said, complaint] = await Promise.all([ended, spoken(child.stdout), spoken(child.stderr)])
  if (how !== '') throw failed(login, [how, complaint.trim()].filter((each) => each !== '').join(': '))
  return credentialOf(login, said)
}

const spoken = (stream: NodeJS.ReadableStream): Promise<string> => readAll(stream).catch(() => '')

function credentialOf(login: ExecLogin, said: string): ExecCredential {
  let status: Fields
  try {
    status = fields(fields(JSON.parse(said)).status)
  } catch {
    throw failed(login, 'it printed no ExecCredential')
  }
  const expiresAt = Date.parse(text(status.expirationTimestamp))
  const credential = {
    ...optional('token', text(status.token) || undefined),
    ...optional('cert', text(status.clientCertificateData) || undefined),
    ...optional('key', text(status.clientKeyData) || undefined),
    ...optional('expiresAt', Number.isNaN(expiresAt) ? undefined : expiresAt),
  }
  if (credential.token === undefined && credential.cert === undefined)
    throw failed(login, 'it printed neither a token nor a certificate')
  return credential
}

const failed = ({ command, installHint }: ExecLogin, how: string): EnvironmentError =>
  new EnvironmentError(
    `the login plugin ${command} of the kubeconfig failed: ${how}`,
    installHint || 'Run it by hand, or log in again, and try: kubectl auth whoami',
  )
