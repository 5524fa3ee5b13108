/** Reads the credentials of a target file from where they are. Their values never appear in an issue. */
import { readFileSync } from 'node:fs'
import type { Issue } from '../../domain/issue.ts'
import { CREDENTIAL_CHARACTERS_MIN, type CredentialPlace, placeToShow, type Target } from '../../domain/rehearsal.ts'
import { isObject, messageOf } from '../../domain/unknown.ts'
import { demand, type KubernetesApi, paths } from '../../protocols/kubernetes/api.ts'
import { fields } from './fields.ts'

/** Values by the name under which the script reads them, and an issue for each that cannot be had. `api`: undefined where no cluster is in use. */
export type CredentialsRead = { readonly values: Readonly<Record<string, string>>; readonly issues: readonly Issue[] }

export async function readCredentials(api: KubernetesApi | undefined, target: Target): Promise<CredentialsRead> {
  const values: Record<string, string> = {}
  const issues: Issue[] = []
  for (const [name, { at, from }] of Object.entries(target.credentials ?? {})) {
    const read = await readPlace(api, from).catch((error: unknown) => ({ problem: problemOf(error) }))
    if ('value' in read && read.value.length >= CREDENTIAL_CHARACTERS_MIN) values[name] = read.value
    else {
      const problem = 'value' in read ? tooShort(read.value) : read.problem
      issues.push({ at, code: 'credential-missing', problem: `credential ${name}: ${problem}.`, next: nextFor(from) })
    }
  }
  return { values, issues }
}

type Read = { readonly value: string } | { readonly problem: string }

async function readPlace(api: KubernetesApi | undefined, from: CredentialPlace): Promise<Read> {
  switch (from.kind) {
    case 'env': {
      const value = process.env[from.name]
      return value ? { value } : { problem: `${placeToShow(from)} is not set` }
    }
    case 'file':
      return inFile(from)
    case 'secret':
      return api === undefined ? { problem: 'it is in a Secret, and no cluster is in use' } : inSecret(api, from)
  }
}

function inFile(from: CredentialPlace & { readonly kind: 'file' }): Read {
  try {
    return { value: readFileSync(from.path, 'utf8').trim() }
  } catch (error) {
    return { problem: `${placeToShow(from)} cannot be read (${isObject(error) ? error.code : 'unknown'})` }
  }
}

async function inSecret(
  api: KubernetesApi,
  { namespace, name, key }: CredentialPlace & { readonly kind: 'secret' },
): Promise<Read> {
  const secret = await demand(api, { method: 'GET', path: paths.object('v1', 'secrets', namespace, name) })
  const data = fields(fields(secret).data)[key]
  return typeof data !== 'string'
    ? { problem: `the Secret ${namespace}/${name} has no key ${key}` }
    : { value: Buffer.from(data, 'base64').toString('utf8').trim() }
}

const tooShort = (value: string): string =>
  value === ''
    ? 'it is empty'
    : `it has fewer than ${CREDENTIAL_CHARACTERS_MIN} characters, too few to be kept out of logs and reports`

const problemOf = (error: unknown): string => messageOf(error).replace(/\.$/, '')

function nextFor(from: CredentialPlace): string {
  switch (from.kind) {
    case 'env':
      return `set ${placeToShow(from)} before you start matchday.`
    case 'file':
      return `write it into ${placeToShow(from)}, readable for you alone.`
    case 'secret':
      return `try: kubectl -n ${from.namespace} get secret ${from.name} -o name; matchday needs the verb get for this one Secret.`
  }
}
