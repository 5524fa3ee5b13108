// The lab's one kubeconfig reader. A client library would cost each program some hundred milliseconds and 60 MB, for a token and a URL.
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import type { ApiAccess } from './client.ts'

type Entry = Record<string, unknown>

/** @throws Error naming the file and what is missing */
export function readKubeconfig(path: string): ApiAccess {
  const config: unknown = parse(readFileSync(path, 'utf8'))
  if (!isEntry(config)) throw new Error(`${path} is not a kubeconfig`)
  const context = named(config.contexts, config['current-context'], 'context')
  const cluster = context && named(config.clusters, context.cluster, 'cluster')
  const user = (context && named(config.users, context.user, 'user')) ?? {}
  if (typeof cluster?.server !== 'string') throw new Error(`${path} names no server for its current context`)
  const ca = material(path, cluster, 'certificate-authority')
  const clientCertificate = material(path, user, 'client-certificate')
  const clientKey = material(path, user, 'client-key')
  const token = tokenOf(path, user)
  return {
    server: new URL(cluster.server),
    insecure: cluster['insecure-skip-tls-verify'] === true,
    ...(ca ? { ca } : {}),
    ...(token ? { token } : {}),
    ...(clientCertificate ? { clientCertificate } : {}),
    ...(clientKey ? { clientKey } : {}),
  }
}

function named(list: unknown, name: unknown, key: string): Entry | undefined {
  if (!Array.isArray(list)) return undefined
  const found: unknown = list.find((item) => isEntry(item) && item.name === name)
  const value = isEntry(found) ? found[key] : undefined
  return isEntry(value) ? value : undefined
}

function material(path: string, entry: Entry, name: string): Buffer | undefined {
  const inline = entry[`${name}-data`]
  if (typeof inline === 'string') return Buffer.from(inline, 'base64')
  const file = entry[name]
  return typeof file === 'string' ? readFileSync(resolve(dirname(path), file)) : undefined
}

function tokenOf(path: string, user: Entry): string | undefined {
  if (typeof user.token === 'string') return user.token
  const file = user.tokenFile
  return typeof file === 'string' ? readFileSync(resolve(dirname(path), file), 'utf8').trim() : undefined
}

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null
}
