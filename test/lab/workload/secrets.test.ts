import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { labPaths } from '../../../src/lab/machine/paths.ts'
import type { Manifest } from '../../../src/lab/workload/render.ts'
import { fillSecret, secretsOf } from '../../../src/lab/workload/secrets.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const secret = (content: Record<string, unknown>): Manifest => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db' },
  ...content,
})
const stringsOf = (manifest: Manifest) => manifest.stringData as Record<string, string>

it('replaces the same placeholder with the same value, anywhere in a Secret', () => {
  const values = secretsOf(labPaths(tempFolder()))
  const { PASSWORD, URL, OTHER } = stringsOf(
    fillSecret(
      secret({
        stringData: { PASSWORD: 'placeholder-db', URL: 'pg://u:placeholder-db@db/x', OTHER: 'placeholder-db-2' },
      }),
      values,
    ),
  )
  expect(PASSWORD).toMatch(/^[0-9a-f]{64}$/)
  expect(URL).toBe(`pg://u:${PASSWORD}@db/x`)
  expect(OTHER).not.toBe(PASSWORD)
})

it('fills encoded data too, and leaves binary data as it is', () => {
  const values = secretsOf(labPaths(tempFolder()))
  const data = (text: string) => Buffer.from(text, 'latin1').toString('base64')
  const filled = fillSecret(secret({ data: { a: data('x placeholder-a y'), b: data('\x00\xff') } }), values)
  const found = filled.data as Record<string, string>
  expect(Buffer.from(found.a ?? '', 'base64').toString()).toBe(`x ${values('placeholder-a')} y`)
  expect(found.b).toBe(data('\x00\xff'))
})

it('changes only Secrets', () => {
  const settings: Manifest = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'placeholder-a' },
    data: { a: 'placeholder-a' },
  }
  expect(fillSecret(settings, secretsOf(labPaths(tempFolder())))).toEqual(settings)
})

it('keeps the values as long as the lab lives, has others in another lab, and lets only their owner read the key', () => {
  const [one, two] = [labPaths(tempFolder()), labPaths(tempFolder())]
  const value = secretsOf(one)('placeholder-a')
  expect(secretsOf(one)('placeholder-a')).toBe(value)
  expect(secretsOf(two)('placeholder-a')).not.toBe(value)
  const mode = (path: string) => statSync(path).mode & 0o777
  expect(mode(one.controlPlane)).toBe(0o700)
  expect(mode(join(one.controlPlane, 'workload-secrets.key'))).toBe(0o600)
})
