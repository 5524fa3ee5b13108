import { mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { fullName } from '../../../../src/lab/images/oci/archive-writer.ts'
import { entriesBelow, writeLayer } from '../../../../src/lab/images/oci/layer.ts'
import { pathsIn } from '../../../../src/lab/images/oci/libraries.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

it('a layer is the same, byte for byte, whatever the times, owners and order of its files are', async () => {
  const folder = tempFolder()
  const source = join(folder, 'source')
  mkdirSync(join(source, 'bin'), { recursive: true })
  writeFileSync(join(source, 'bin', 'run'), 'run', { mode: 0o750 })
  writeFileSync(join(source, 'data'), 'x'.repeat(100_000), { mode: 0o600 })
  symlinkSync('run', join(source, 'bin', 'link'))
  const entries = () => entriesBelow(source, 'opt/app', () => true)
  const first = await writeLayer(join(folder, 'a'), entries())
  utimesSync(join(source, 'data'), 1, 1)
  const second = await writeLayer(join(folder, 'b'), entries().toReversed())
  expect(readFileSync(second.file).equals(readFileSync(first.file))).toBe(true)
  expect(second).toMatchObject({ digest: first.digest, diffId: first.diffId })
  writeFileSync(join(source, 'data'), 'y'.repeat(100_000))
  expect((await writeLayer(join(folder, 'c'), entries())).digest).not.toBe(first.digest)
})

it('a source that cannot be read fails the layer, and does not leave it short', async () => {
  const missing = [{ kind: 'file', path: 'a', source: '/nowhere/a' }] as const
  await expect(writeLayer(join(tempFolder(), 'layer'), missing)).rejects.toThrow(/ENOENT.*\/nowhere\/a/)
})

it('the libraries of a program are read from what its loader lists', () => {
  const listing = `\tlinux-vdso.so.1 (0x00007f)
\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007e)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007d)
\t/lib64/ld-linux-x86-64.so.2 (0x00007c)`
  expect(pathsIn(listing)).toEqual([
    '/lib/x86_64-linux-gnu/libc.so.6',
    '/lib/x86_64-linux-gnu/libm.so.6',
    '/lib64/ld-linux-x86-64.so.2',
  ])
  expect(() => pathsIn('\tlibicu.so.60 => not found')).toThrow('this machine has no libicu.so.60')
})

it.each([
  ['postgres', 'docker.io/library/postgres'],
  ['casino/wallet', 'docker.io/casino/wallet'],
  ['registry.example.com/casino/wallet', 'registry.example.com/casino/wallet'],
  ['localhost:5000/wallet', 'localhost:5000/wallet'],
])('%s is %s in full', (name, full) => {
  expect(fullName(name)).toBe(full)
})
