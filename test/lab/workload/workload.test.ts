import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { readWorkload } from '../../../src/lab/workload/workload.ts'
import { tempFolder } from '../../support/temp-folder.ts'

let folder = ''
beforeEach(() => {
  folder = tempFolder()
  for (const each of ['build', 'manifests']) mkdirSync(join(folder, each))
  for (const each of ['main.ts', 'image.tar']) writeFileSync(join(folder, each), '')
})

const read = (...images: readonly string[]) => {
  writeFileSync(
    join(folder, 'workload.yaml'),
    `images:\n${images.map((each) => `  - ${each}\n`).join('')}manifests: manifests\n`,
  )
  return readWorkload(folder)
}

it('reads the three forms of an image, with paths relative to its folder', () => {
  const { images, ready } = read(
    '{name: shop/api, entry: main.ts}',
    '{name: shop/search, folder: build, entrypoint: [$IMAGE/search], env: {A: b}, user: 1000}',
    '{name: shop/pricing, archive: image.tar}',
  )
  expect(images).toEqual([{ name: 'shop/api', entry: join(folder, 'main.ts') }])
  expect(ready).toEqual([
    {
      kind: 'folder',
      name: 'shop/search',
      folder: join(folder, 'build'),
      entrypoint: ['$IMAGE/search'],
      env: { A: 'b' },
      user: 1000,
    },
    { kind: 'archive', name: 'shop/pricing', archive: join(folder, 'image.tar') },
  ])
})

it('reports all mistakes of all images at once', () => {
  const broken = () =>
    read(
      '{name: a}',
      '{name: b, entry: main.ts, archive: image.tar}',
      '{name: c, folder: build}',
      '{name: d, entry: main.ts, user: 5}',
      '{name: e, folder: build, entrypoint: [x], from: matchday/postgres}',
    )
  for (const problem of [
    'images.0: needs one of entry, folder, archive, found none',
    'images.1: needs one of entry, folder, archive, found entry and archive',
    'images.2: a folder needs its entrypoint',
    'images.3: user belong to folder',
    'images.4: from belongs to entry',
  ])
    expect(broken).toThrow(problem)
})

it('reports every path that is missing', () => {
  const broken = () => read('{name: a, entry: gone.ts}', '{name: b, archive: gone.tar}')
  expect(broken).toThrow(/gone\.ts does not exist/)
  expect(broken).toThrow(/gone\.tar does not exist/)
})
