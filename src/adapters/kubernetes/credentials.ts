/** The credentials of a request. Logins that expire are renewed before they expire, and once more when the server refuses them. */
import { readFileSync } from 'node:fs'
import type { OutgoingHttpHeaders } from 'node:http'
import type https from 'node:https'
import { EnvironmentError } from '../../controller/ports.ts'
import { messageOf } from '../../domain/unknown.ts'
import type { Fields } from '../../protocols/fields.ts'
import { type ExecCredential, type ExecLogin, runExecLogin } from './exec-login.ts'
import { fields, text } from './fields.ts'
import type { Access, Login } from './kubeconfig.ts'

/** One login in its present state. A renewal is a new object. */
export type Credential = { readonly headers: OutgoingHttpHeaders; readonly cert?: string; readonly key?: string }

export type CredentialSource = {
  current(): Promise<Credential>
  /** A new credential after `refused` was rejected; undefined if there is no other. */
  renewed(refused: Credential): Promise<Credential | undefined>
}

export function createCredentialSource({ login, context, server }: Access): CredentialSource {
  switch (login.kind) {
    case 'none':
      return fixed({ headers: {} })
    case 'token':
      return fixed({ headers: bearer(login.token) })
    case 'basic': {
      const pair = Buffer.from(`${login.username}:${login.password}`).toString('base64')
      return fixed({ headers: { authorization: `Basic ${pair}` } })
    }
    case 'token-file':
      return renewing(
        async () => ({ headers: bearer(tokenIn(login.file)) }),
        () => FILE_FRESH_MS,
      )
    case 'exec':
      return execCredentials(login.exec)
    case 'auth-provider':
      // client-node knows these plug-ins and when their tokens expire.
      return renewing(
        () => byProvider(login, context, server),
        () => 0,
      )
  }
}

const bearer = (token: string): OutgoingHttpHeaders => ({ authorization: `Bearer ${token}` })

/** As in client-go: a projected token is rewritten long before it expires. */
const FILE_FRESH_MS = 60_000

function tokenIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new EnvironmentError(
      `cannot read tokenFile of the kubeconfig: ${messageOf(error)}`,
      'Give a readable file there; relative paths start at the folder of the kubeconfig.',
      error,
    )
  }
}

const fixed = (credential: Credential): CredentialSource => ({
  current: async () => credential,
  renewed: async () => undefined,
})

/** Concurrent requests share one renewal. */
function renewing<T extends Credential>(fetch: () => Promise<T>, freshMs: (credential: T) => number): CredentialSource {
  let known: { readonly credential: T; readonly until: number } | undefined
  let fetching: Promise<T> | undefined
  const renew = (): Promise<T> => {
    fetching ??= fetch()
      .then((credential) => {
        known = { credential, until: performance.now() + freshMs(credential) }
        return credential
      })
      .finally(() => {
        fetching = undefined
      })
    return fetching
  }
  return {
    current: async () => (known !== undefined && performance.now() < known.until ? known.credential : renew()),
    renewed: async (refused) => (known !== undefined && known.credential !== refused ? known.credential : renew()),
  }
}

const EARLY_MS = 10_000

function execCredentials(exec: ExecLogin): CredentialSource {
  type Logged = Credential & { readonly expiresAt?: number }
  const fetch = async (): Promise<Logged> => {
    const { token, ...rest }: ExecCredential = await runExecLogin(exec)
    return { ...rest, headers: token === undefined ? {} : bearer(token) }
  }
  // Renewed before it expires, so that requests in flight arrive in time; short-lived ones in the last fifth of their life.
  return renewing(fetch, ({ expiresAt }) => {
    if (expiresAt === undefined) return Number.POSITIVE_INFINITY
    const left = expiresAt - Date.now()
    return left - Math.min(EARLY_MS, left / 5)
  })
}

async function byProvider(
  { provider }: Extract<Login, { kind: 'auth-provider' }>,
  context: string,
  server: string,
): Promise<Credential> {
  const config = await providerConfig(provider, context, server)
  const options: https.RequestOptions = {}
  try {
    await config.applyToHTTPSOptions(options)
  } catch (error) {
    throw new EnvironmentError(
      `the login ${text(provider.name)} of the kubeconfig failed: ${messageOf(error)}`,
      'Log in again, and try: kubectl auth whoami',
      error,
    )
  }
  return { headers: { ...(options.headers as OutgoingHttpHeaders | undefined) } }
}

const loaded = new WeakMap<Fields, Promise<import('@kubernetes/client-node').KubeConfig>>()

/** One per login, because it keeps the tokens. Loading the library takes longer than most commands, and few logins need it. */
async function providerConfig(provider: Fields, context: string, server: string) {
  const make = async () => {
    const { KubeConfig } = await kubernetesClient(provider)
    const config = new KubeConfig()
    config.loadFromOptions({
      clusters: [{ name: context, server: server.replace(/^http:/, 'https:') }],
      users: [{ name: context, authProvider: { name: text(provider.name), config: fields(provider.config) } }],
      contexts: [{ name: context, cluster: context, user: context }],
      currentContext: context,
    })
    return config
  }
  const config = loaded.get(provider) ?? make()
  loaded.set(provider, config)
  return config
}

/** The npm package leaves this library out: it is larger than all others together, and few logins need it (docs/adr/0033). */
async function kubernetesClient(provider: Fields) {
  try {
    return await import('@kubernetes/client-node')
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND')) throw cause
    throw new EnvironmentError(
      `the login ${text(provider.name)} of the kubeconfig needs the library @kubernetes/client-node, which is not installed`,
      'npm install --save-dev @kubernetes/client-node, or choose a context whose user has an exec plug-in, a token or a certificate.',
      cause,
    )
  }
}
