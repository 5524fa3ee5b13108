import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { labPaths } from '../../../src/lab/machine/paths.ts'
import { prepareRoot } from '../../../src/lab/owner/folders.ts'
import { tempFolder } from '../../support/temp-folder.ts'

let folder = ''
beforeEach(() => {
  folder = tempFolder()
})

describe('the root of a lab', () => {
  it('is emptied of the lab before it, but keeps images', () => {
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

  it('lets pods of another user in, but not to keys and logs', () => {
    const before = process.umask(0o077)
    const paths = labPaths(join(folder, 'lab'))
    try {
      prepareRoot(paths)
    } finally {
      process.umask(before)
    }
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
    expect([paths.root, paths.images, paths.nodes, paths.volumes].map(mode)).toEqual(['755', '755', '755', '755'])
    expect([paths.controlPlane, paths.logs].map(mode)).toEqual(['700', '700'])
  })

  it('that holds anything else is refused, and nothing in it is touched', () => {
    writeFileSync(join(folder, 'thesis.tex'), 'x')
    mkdirSync(join(folder, 'volumes'))
    expect(() => prepareRoot(labPaths(folder))).toThrow(/lab-root-in-use.*thesis\.tex/)
    expect(existsSync(join(folder, 'volumes'))).toBe(true)
  })

  it('that is a link to somewhere else is refused', () => {
    symlinkSync('/etc', join(folder, 'lab'))
    expect(() => prepareRoot(labPaths(join(folder, 'lab')))).toThrow('lab-root-foreign')
  })

  it('that is too long for unix sockets is refused before anything is made', () => {
    expect(() => labPaths(join(folder, 'x'.repeat(80)))).toThrow('lab-root-too-long')
  })
})
