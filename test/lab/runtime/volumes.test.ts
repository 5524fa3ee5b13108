import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  giveVolume,
  isReleased,
  makeFolder,
  needsVolume,
  removeFolder,
  STORAGE_CLASS,
  volumeFor,
} from '../../../src/lab/runtime/provisioner/volumes.ts'

const folder = mkdtempSync(join(tmpdir(), 'mdvol-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const claim = {
  metadata: { uid: 'u-1', name: 'data-db-0', namespace: 'casino' },
  spec: {
    storageClassName: STORAGE_CLASS,
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
  },
}

describe('a claim', () => {
  it.each([
    ['of the default class, unbound', claim, true],
    ['of another class', { ...claim, spec: { ...claim.spec, storageClassName: 'fast' } }, false],
    ['without a class', { ...claim, spec: { ...claim.spec, storageClassName: '' } }, false],
    ['with a volume', { ...claim, spec: { ...claim.spec, volumeName: 'pv' } }, false],
    ['that is being deleted', { ...claim, metadata: { ...claim.metadata, deletionTimestamp: 'now' } }, false],
  ])('%s: volume is made: %s', (_, object, expected) => {
    expect(needsVolume(object)).toBe(expected)
  })

  it('gets a volume that names the claim; its folder is private until a container gets it', () => {
    const volume = volumeFor(claim, folder)
    expect(volume).toMatchObject({
      metadata: { name: 'pvc-u-1' },
      spec: {
        capacity: { storage: '1Gi' },
        claimRef: { namespace: 'casino', name: 'data-db-0', uid: 'u-1' },
        hostPath: { path: join(folder, 'pvc-u-1') },
      },
    })
    makeFolder(volume)
    const owner = () => {
      const { mode, uid, gid } = statSync(join(folder, 'pvc-u-1'))
      return [(mode & 0o777).toString(8), uid, gid]
    }
    expect(owner()).toEqual(['700', process.getuid?.(), process.getgid?.()])
    if (process.getuid?.() === 0) {
      giveVolume(join(folder, 'pvc-u-1'), folder, { uid: 65_534, gid: 65_534 })
      expect(owner()).toEqual(['700', 65_534, 65_534])
    }
    expect(isReleased({ ...volume, status: { phase: 'Bound' } })).toBe(false)
    expect(isReleased({ ...volume, status: { phase: 'Released' } })).toBe(true)
    removeFolder(volume, folder)
    expect(existsSync(join(folder, 'pvc-u-1'))).toBe(false)
  })

  it.skipIf(process.getuid?.() !== 0)('changes the owner only of volume folders', () => {
    for (const path of [folder, join(folder, 'other')]) giveVolume(path, folder, { uid: 65_534, gid: 65_534 })
    expect(statSync(folder).uid).toBe(0)
  })

  it.skipIf(process.getuid?.() !== 0)('gives a folder in a volume away once', () => {
    const made = join(folder, 'pvc-u-2', 'data')
    mkdirSync(made, { recursive: true })
    giveVolume(made, folder, { uid: 1_000, gid: 1_000 })
    giveVolume(made, folder, { uid: 2_000, gid: 2_000 })
    giveVolume(join(made, 'not-made-yet'), folder, { uid: 2_000, gid: 2_000 })
    expect(statSync(made).uid).toBe(1_000)
    expect(statSync(join(folder, 'pvc-u-2')).uid).toBe(0)
  })

  it('cannot cause the removal of another folder by pointing its volume there', () => {
    removeFolder({ spec: { hostPath: { path: folder } } }, join(folder, 'volumes'))
    removeFolder({ spec: { hostPath: { path: join(folder, 'pvc-x', '..') } } }, folder)
    expect(existsSync(folder)).toBe(true)
  })
})
