// Certificates of HTTPS listeners, from Secrets of type kubernetes.io/tls.
import { createSecureContext, type SecureContext } from 'node:tls'
import type { ApiObject } from '../../cluster-access/kube-object.ts'
import { keyOf } from './objects.ts'

export type TlsSecret = ApiObject & { data?: Readonly<Record<string, string>> }

/** By namespace/name of the Secret. Secrets without a usable certificate and key are left out. */
export type Certificates = ReadonlyMap<string, SecureContext>

export function certificatesOf(secrets: readonly TlsSecret[]): Certificates {
  return new Map(
    secrets.flatMap((secret) => {
      const context = contextOf(secret)
      return context ? [[keyOf(secret), context]] : []
    }),
  )
}

const made = new WeakMap<TlsSecret, SecureContext | 'unusable'>()

/** Made once for each version of a Secret: a watch gives a new object for each. */
function contextOf(secret: TlsSecret): SecureContext | undefined {
  const known = made.get(secret) ?? makeContext(secret)
  made.set(secret, known)
  return known === 'unusable' ? undefined : known
}

function makeContext({ data = {} }: TlsSecret): SecureContext | 'unusable' {
  const [cert, key] = [data['tls.crt'], data['tls.key']].map((text) => Buffer.from(text ?? '', 'base64'))
  if (!cert?.length || !key?.length) return 'unusable'
  try {
    return createSecureContext({ cert, key })
  } catch {
    return 'unusable'
  }
}
