import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { chooseNetwork, networkChoice } from '../../../src/lab/owner/network-choice.ts'

const folder = mkdtempSync(join(tmpdir(), 'md-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A program that answers `labnet check`. */
function answering(name: string, script: string): string {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return path
}

const WHY = 'new user and network namespaces: operation not permitted'
const allowed = answering('allowed', `echo '{"ok":true,"processes":{"ok":true}}'`)
const refused = answering('refused', `echo '{"ok":false,"why":"${WHY}"}'`)

describe('the network of a lab', () => {
  it.each([
    [{}, 'auto'],
    [{ MATCHDAY_LAB_NETWORK: '' }, 'auto'],
    [{ MATCHDAY_LAB_NETWORK: 'preload' }, 'preload'],
    [{ MATCHDAY_LAB_NETWORK: 'namespaces' }, 'namespaces'],
  ])('%j chooses %s', (env, choice) => expect(networkChoice(env)).toBe(choice))

  it('is none that MATCHDAY_LAB_NETWORK invents', () => {
    expect(() => networkChoice({ MATCHDAY_LAB_NETWORK: 'cni' })).toThrow('one of auto, namespaces, preload')
  })

  it('is namespaces where the kernel allows them', async () => {
    for (const choice of ['namespaces', 'auto'] as const)
      expect(await chooseNetwork(choice, allowed)).toEqual({
        kind: 'namespaces',
        labnet: allowed,
        processes: { kind: 'own' },
      })
  })

  it('is namespaces without one for processes where the kernel refuses only that, and says why', async () => {
    const why = 'a /proc of its own: operation not permitted'
    const some = answering('some', `echo '{"ok":true,"processes":{"ok":false,"why":"${why}"}}'`)
    for (const choice of ['namespaces', 'auto'] as const)
      expect(await chooseNetwork(choice, some)).toMatchObject({ labnet: some, processes: { kind: 'shared', why } })
  })

  it('is the preload where it is chosen, without a try', async () => {
    expect(await chooseNetwork('preload', join(folder, 'missing'))).toEqual({ kind: 'preload', why: 'chosen' })
  })

  it('falls back with the reason of the kernel, if that may be', async () => {
    expect(await chooseNetwork('auto', refused)).toEqual({ kind: 'preload', why: WHY })
    expect(await chooseNetwork('auto', undefined)).toEqual({ kind: 'preload', why: 'the program labnet is missing' })
  })

  it.each([
    ['refuses', refused, WHY],
    ['breaks', answering('broken', 'echo boom >&2; exit 3'), 'boom'],
    ['says something else', answering('odd', `echo '[]'`), 'gave no answer'],
  ])('is an error where namespaces are asked for and the machine %s', async (_, labnet, why) => {
    await expect(chooseNetwork('namespaces', labnet)).rejects.toThrow(why)
  })
})
