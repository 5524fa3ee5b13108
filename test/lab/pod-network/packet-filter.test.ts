import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createPacketFilter, type PacketFilter } from '../../../src/lab/pod-network/packet-filter.ts'
import { tempFolder } from '../../support/temp-folder.ts'

describe('the packet rules of the kernel', () => {
  /** Stands for labnet: writes down each set of rules, after a tenth of a second. */
  function labnet(): { readonly path: string; readonly rounds: () => readonly string[] } {
    const folder = tempFolder()
    const [path, file] = [join(folder, 'labnet'), join(folder, 'rounds')]
    writeFileSync(path, `#!/bin/sh\nsleep 0.1\ncat >>${file}\necho >>${file}\n`)
    chmodSync(path, 0o755)
    const rounds = () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [])
    return { path, rounds }
  }

  const chain = (name: string) => [{ name }] as never

  it('are replaced once for all changes that come while they are being replaced', async () => {
    const { path, rounds } = labnet()
    let pods = 0
    const isRunning = Promise.withResolvers<void>()
    const filter = createPacketFilter(
      path,
      () => {
        isRunning.resolve()
        return chain(`pods${pods}`)
      },
      () => {},
    )
    const add = () => {
      pods += 1
      return filter.apply()
    }
    const first = add()
    await isRunning.promise
    await Promise.all([first, add(), add(), add()])
    expect(rounds()).toEqual(['pods1', 'pods4'].map((name) => JSON.stringify({ chains: [{ name }] })))
  })

  it('are read once when reading them brings the tables up to date', async () => {
    const { path, rounds } = labnet()
    let read = 0
    const filter: PacketFilter = createPacketFilter(
      path,
      () => {
        read += 1
        if (read === 1) filter.applySoon()
        return chain('pods')
      },
      () => {},
    )
    await filter.apply()
    await filter.apply()
    // The second apply reads them, and finds nothing new.
    expect([read, rounds().length]).toEqual([2, 1])
  })

  it('are tried again after rules that could not be made', async () => {
    const { path, rounds } = labnet()
    let isBroken = true
    const filter = createPacketFilter(
      path,
      () => {
        if (isBroken) throw new Error('no table')
        return chain('pods')
      },
      () => {},
    )
    await expect(filter.apply()).rejects.toThrow('no table')
    isBroken = false
    await filter.apply()
    expect(rounds()).toHaveLength(1)
  })
})
