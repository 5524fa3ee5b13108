import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { labDown, labStatus } from '../../../src/lab/lab.ts'
import { labPaths } from '../../../src/lab/machine/paths.ts'
import { readState } from '../../../src/lab/machine/state.ts'
import { prepareRoot } from '../../../src/lab/owner/folders.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const isRoot = process.getuid?.() === 0

let folder = ''
beforeEach(() => {
  folder = tempFolder()
})

describe('the root of a lab', () => {
  it('is cleared of the previous lab, except for images', () => {
    const paths = labPaths(join(folder, 'lab'))
    prepareRoot(paths)
    writeFileSync(join(paths.images, 'index.json'), '{}')
    writeFileSync(join(paths.volumes, 'data'), 'x')
    writeFileSync(paths.state, '{}')
    prepareRoot(paths)
    expect(existsSync(join(paths.images, 'index.json'))).toBe(true)
    expect(existsSync(join(paths.volumes, 'data'))).toBe(false)
    expect(existsSync(paths.state)).toBe(false)
  })

  it('of root lets pods of another user enter, but not read keys and logs', () => {
    const before = process.umask(0o077)
    const paths = labPaths(join(folder, 'lab'))
    try {
      prepareRoot(paths)
    } finally {
      process.umask(before)
    }
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
    const passable = isRoot ? '755' : '700'
    const open = [paths.root, paths.images, paths.nodes, paths.volumes].map(mode)
    expect(new Set(open)).toEqual(new Set([passable]))
    expect([paths.controlPlane, paths.logs].map(mode)).toEqual(['700', '700'])
  })

  it('with foreign files is refused and not changed', () => {
    writeFileSync(join(folder, 'thesis.tex'), 'x')
    mkdirSync(join(folder, 'volumes'))
    expect(() => prepareRoot(labPaths(folder))).toThrow(/lab-root-in-use.*thesis\.tex/)
    expect(existsSync(join(folder, 'volumes'))).toBe(true)
  })

  it('that is a symbolic link is refused', () => {
    symlinkSync('/etc', join(folder, 'lab'))
    expect(() => prepareRoot(labPaths(join(folder, 'lab')))).toThrow('lab-root-foreign')
  })

  it('whose path is too long for unix sockets is refused before anything is created', () => {
    expect(() => labPaths(join(folder, 'x'.repeat(80)))).toThrow('lab-root-too-long')
  })
})

describe('a folder that everybody may write to', () => {
  const NOBODY = 65_534
  /** What another user can make in advance, for a lab at `<shared>/matchday/lab`. */
  const lab = () => labPaths(join(folder, 'shared', 'matchday', 'lab'))
  const above = () => join(folder, 'shared', 'matchday')
  beforeEach(() => {
    mkdirSync(join(folder, 'shared'))
    chmodSync(join(folder, 'shared'), 0o1777)
  })

  it('may hold the lab’s folders when they are made by us', () => {
    prepareRoot(lab())
    prepareRoot(lab())
    expect(statSync(above()).mode & 0o022).toBe(0)
  })

  it.runIf(isRoot)('may hold no folder of another user above the folder of the lab', () => {
    mkdirSync(above())
    chownSync(above(), NOBODY, NOBODY)
    expect(() => prepareRoot(lab())).toThrow(/lab-root-foreign.*matchday belongs to user 65534, not to you \(0\)/)
    expect(existsSync(lab().root)).toBe(false)
  })

  it('may hold no link that another user could redirect', () => {
    mkdirSync(join(folder, 'elsewhere'))
    symlinkSync(join(folder, 'elsewhere'), above())
    expect(() => prepareRoot(lab())).toThrow(/lab-root-foreign.*matchday is a symbolic link/)
    expect(existsSync(join(folder, 'elsewhere', 'lab'))).toBe(false)
  })

  it('may hold no folder that others may write to', () => {
    mkdirSync(above())
    chmodSync(above(), 0o777)
    expect(() => prepareRoot(lab())).toThrow(/lab-root-foreign.*mode 777/)
  })

  it.runIf(isRoot)(
    'is no place to read the state of a lab from: it names programs to run and a cluster to trust',
    async () => {
      mkdirSync(lab().root, { recursive: true })
      writeFileSync(lab().state, JSON.stringify({ version: 1, kubeconfig: '/evil' }))
      chownSync(above(), NOBODY, NOBODY)
      expect(() => readState(lab().state)).toThrow('lab-root-foreign')
      await expect(labStatus(lab().root)).rejects.toThrow('lab-root-foreign')
      await expect(labDown(lab().root)).rejects.toThrow('lab-root-foreign')
    },
  )
})
