import { describe, expect, it } from 'vitest'
import { BadInput } from '../../src/cli/failure.ts'
import { rollOutsOf } from '../../src/cli/roll-outs.ts'
import { parseTarget } from '../../src/files/target.ts'
import { stockFiles, TARGET } from '../files/stock.ts'

const ENTRY = `entry: 'http://127.0.0.1:1'`
const RELEASES = `releases:
    deployed: {${ENTRY}}
    next: {${ENTRY}, rollOut: {deployment: orders, image: {app: 'orders:2'}, within: 90s}}
    later: {${ENTRY}, rollOut: {deployment: orders, annotations: {checksum/config: '3f1c'}}}
    stranger: {${ENTRY}, rollOut: {deployment: catalog, image: {app: 'catalog:2'}}}`

const targetWith = (releases: string) => {
  const text = (stockFiles().get(TARGET) ?? '').replace(/^ {2}entry: .+$/m, (line) => `${line}\n  ${releases}`)
  return parseTarget({ read: () => text }, TARGET)
}
function target() {
  const parsed = targetWith(RELEASES)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues))
  return parsed.value
}
const release = (name: string) => ({ name, entry: 'http://127.0.0.1:1' })
const found = (a: string, b: string, ways: Partial<Parameters<typeof rollOutsOf>[2]> = {}) =>
  rollOutsOf(target(), { a: release(a), b: release(b) }, { duet: false, cluster: true, ...ways })
const refusal = (...wanted: Parameters<typeof found>): readonly string[] => {
  try {
    found(...wanted)
  } catch (error) {
    if (error instanceof BadInput) return error.issues.map(({ problem }) => problem)
  }
  return []
}

describe('what a comparison rolls out', () => {
  it('is the template of each release that has one', () => {
    expect(found('deployed', 'next')).toEqual({
      b: {
        deployment: 'orders',
        images: { app: 'orders:2' },
        annotations: {},
        withinMs: 90_000,
        at: expect.objectContaining({ file: TARGET }),
      },
    })
    expect(found('next', 'later')).toMatchObject({
      a: { images: { app: 'orders:2' } },
      b: { annotations: { 'checksum/config': '3f1c' }, withinMs: 180_000 },
    })
    expect(found('deployed', 'http://127.0.0.1:8')).toEqual({})
  })

  it('is one and the same for a release that is compared with itself', () => {
    const { a, b } = found('next', 'next', { duet: true })
    expect([a === b, a?.deployment]).toEqual([true, 'orders'])
  })

  it('is refused with every reason at once', () => {
    expect(refusal('next', 'stranger', { duet: true, cluster: false })).toEqual([
      'a Deployment cannot run both releases at the same time, and one of them has rollOut.',
      'a release with rollOut changes the cluster, and a target file alone only sends load.',
      'The releases roll out to orders and to catalog, which can run side by side.',
    ])
    expect(refusal('deployed', 'deployed', { duet: true, cluster: false })).toEqual([])
  })

  it('must be something', () => {
    const parsed = targetWith(`releases:\n    next: {${ENTRY}, rollOut: {deployment: orders}}`)
    expect(parsed.ok ? [] : parsed.issues.map(({ code, problem }) => [code, problem])).toEqual([
      ['missing-key', 'The release "next" rolls out nothing.'],
    ])
  })
})
