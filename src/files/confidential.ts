/** Places of credentials, and values that may hold one by mistake. Their issues never show what the file holds. */
import type { CredentialPlace, SecretPlace } from '../domain/rehearsal.ts'
import { relativeTo } from './files.ts'
import { dnsLabel, objectName, path } from './name-shapes.ts'
import { need, oneOf, record } from './record.ts'
import { nameOf, type Shape, text } from './shape.ts'

/**
 * A shape whose issues keep position and code, but say the same for every mistake: a credential may stand anywhere in it, also as a key.
 * `wanted`: what belongs there, for "must be …". `example`: for "write for example …".
 */
export const confidential = <T>(shape: Shape<T>, wanted: string, example: string): Shape<T> => ({
  schema: shape.schema,
  decode: (node, report) =>
    shape.decode(node, (at, code) => {
      const problem = `${nameOf(node)} must be ${wanted}. Its value is not shown, because it may hold a credential.`
      report(at, code, problem, `write for example ${example}.`)
    }),
})

const places = (variable: string, file: string) => ({
  env: need(
    text({ form: 'the name of an environment variable', example: variable, pattern: /^[A-Za-z_][A-Za-z0-9_]*$/ }),
    'Environment variable with the value.',
  ),
  file: need(path(file), 'File with the value, relative to this file.'),
})

/** Where a credential is that this process alone needs: never the credential itself. */
export const credential = (variable: string, file: string) =>
  confidential(
    oneOf(places(variable, file)),
    'the place of a credential: an environment variable or a file',
    `{env: ${variable}} or {file: ${file}}`,
  )

const secretKey = record({
  namespace: need(dnsLabel(63), 'Namespace of the Secret.'),
  name: need(objectName('load-test'), 'Name of the Secret.'),
  key: need(
    text({ form: 'a key of a Secret', example: 'token', pattern: /^[A-Za-z0-9._-]{1,253}$/ }),
    'Key in the data of the Secret.',
  ),
})

/** Where a credential is that the load needs. A Secret of the cluster may hold it too. */
export const loadCredential = (variable: string, file: string) =>
  confidential(
    oneOf({ ...places(variable, file), secret: need(secretKey, 'Secret of the cluster that holds it.') }),
    'the place of a credential: an environment variable, a file or a key of a Secret',
    `{env: ${variable}}, {file: ${file}} or {secret: {namespace: shop, name: load-test, key: token}}`,
  )

type Place = { readonly kind: 'env' | 'file'; readonly value: string }

/** `file`: the file that names the place. */
export const placeOf = (file: string, { kind, value }: Place): SecretPlace =>
  kind === 'env' ? { kind, name: value } : { kind, path: relativeTo(file, value) }

type Draft = typeof loadCredential extends (...given: never[]) => Shape<infer T> ? T : never

export const credentialPlaceOf = (file: string, draft: Draft): CredentialPlace =>
  draft.kind === 'secret' ? { kind: 'secret', ...draft.value } : placeOf(file, draft)
