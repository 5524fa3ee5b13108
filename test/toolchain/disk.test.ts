import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectedBuilds } from '../../src/toolchain/build-costs.ts'
import { bytesBelow, diskPlan, freeBytes, gigabytes, refuseFullDisk } from '../../src/toolchain/disk.ts'
import { GO_MODULES, pinnedVersion, TOOLS } from '../../src/toolchain/tools.ts'
import { tempFolder } from '../support/temp-folder.ts'

describe('the disk that builds need', () => {
  const tools = [TOOLS.k6, TOOLS.labnet]
  const expected = expectedBuilds(tools, 2)
  const compiled = 883 * 1.05e6
  const plan = (root: string, isOwn = true) =>
    diskPlan(tools, expected, {
      cacheDirectory: join(root, 'toolchain'),
      goModules: GO_MODULES,
      compiled: { path: join(root, 'go-build'), isOwn },
      env: { GOPATH: join(root, 'go') },
    })

  it('is that of modules, compiled packages and programs where nothing is there', () => {
    expect(plan(tempFolder())).toEqual({
      isWarm: false,
      needs: [
        expect.objectContaining({ bytes: 51e6 }),
        expect.objectContaining({ bytes: compiled }),
        expect.objectContaining({ bytes: 338e6 }),
      ],
    })
  })

  it('is less where a module is there', () => {
    const root = tempFolder()
    mkdirSync(join(root, 'go/pkg/mod', `go.k6.io/k6/v2@v${pinnedVersion(TOOLS.k6)}`), { recursive: true })
    expect(plan(root).needs[2]?.bytes).toBe(28e6)
  })

  it('is less by the packages in the own cache, and has none where a cache of the user holds some', () => {
    const root = tempFolder()
    mkdirSync(join(root, 'go-build', 'a0'), { recursive: true })
    writeFileSync(join(root, 'go-build', 'a0', 'package'), 'x'.repeat(50_000))
    expect(plan(root).needs[1]?.bytes).toBe(compiled - bytesBelow(join(root, 'go-build')))
    expect(plan(root).isWarm).toBe(true)
    expect(plan(root, false).needs[1]?.bytes).toBe(0)
  })

  it('is not taken from a cache of the user that is empty', () => {
    const root = tempFolder()
    mkdirSync(join(root, 'go-build'))
    writeFileSync(join(root, 'go-build', 'README'), 'of Go')
    expect(plan(root, false)).toMatchObject({ isWarm: false, needs: [{}, { bytes: compiled }, {}] })
  })

  it('is refused where all folders of a file system together need more than it has', () => {
    const root = tempFolder()
    const free = freeBytes(root)
    const half = { folder: join(root, 'not', 'yet', 'there'), bytes: free * 0.7 }
    expect(() => refuseFullDisk([half])).not.toThrow()
    expect(() => refuseFullDisk([half, { folder: root, bytes: free * 0.7 }])).toThrow(
      /disk-too-small.*GB of disk, and .* free/,
    )
  })
})

const small = ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=20m none "$1" && shift && exec "$@"', 'sh']
/** The mount is seen by that process only. */
const mayMount = spawnSync('unshare', [...small, tmpdir(), 'true']).status === 0

describe('a file system that is too small', () => {
  it.skipIf(!mayMount)(
    'is named before anything is fetched or built (skipped where nobody may mount)',
    () => {
      const folder = tempFolder()
      const command = [process.execPath, 'src/cli/bin.mjs', 'toolchain', 'build', 'labnet']
      const { GOCACHE: _, MATCHDAY_LABNET: __, ...others } = process.env
      const env = { ...others, XDG_CACHE_HOME: folder, GOENV: 'off', GOPROXY: 'off', NO_COLOR: '1' }
      const { status, stderr } = spawnSync('unshare', [...small, folder, ...command], { env, encoding: 'utf8' })
      expect({ status, stderr }).toEqual({ status: 5, stderr: expect.stringContaining('disk-too-small') })
      expect(stderr).toMatch(/need about 1\d\d MB of disk, and \d\d MB are free/)
      expect(stderr).toContain('XDG_CACHE_HOME')
      expect(stderr).not.toContain('packages,')
    },
    60_000,
  )
})

describe('the bytes below a folder', () => {
  it('are those on the disk, without what links lead to', () => {
    const root = tempFolder()
    const before = bytesBelow(root)
    mkdirSync(join(root, 'a'))
    writeFileSync(join(root, 'a', 'file'), 'x'.repeat(20_000))
    symlinkSync(process.execPath, join(root, 'a', 'link'))
    writeFileSync(join(root, 'hole'), '')
    truncateSync(join(root, 'hole'), 1e9)
    expect(bytesBelow(root) - before).toBeGreaterThanOrEqual(20_000)
    expect(bytesBelow(root) - before).toBeLessThan(60_000)
  })

  it('are none where nothing is', () => expect(bytesBelow('/nowhere/at/all')).toBe(0))

  it.each([
    [4_530_000_000, '4.5 GB'],
    [6_000_000_000, '6 GB'],
    [37_800_000_000, '38 GB'],
    [960_000_000, '1 GB'],
    [120_300_000, '121 MB'],
    [0, '0 MB'],
  ])('%i are shown as %s', (bytes, shown) => expect(gigabytes(bytes)).toBe(shown))
})
