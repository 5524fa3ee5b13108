import { describe, expect, it } from 'vitest'
import { BadInput } from '../../src/cli/failure.ts'
import { pinsOf } from '../../src/cli/pins.ts'
import type { CompareSession } from '../../src/domain/comparison.ts'
import { compareSettings } from '../../src/files/compare-shape.ts'
import { parseTarget } from '../../src/files/target.ts'
import { stockFiles, TARGET } from '../files/stock.ts'

const RELEASES = `releases:
    old: {entry: 'http://127.0.0.1:1', pin: {deployment: orders, replicas: 3}}
    new: {entry: 'http://127.0.0.1:2', pin: {deployment: orders-new, replicas: 3}}
    large: {entry: 'http://127.0.0.1:3', pin: {deployment: orders-large, replicas: 4}}
    same: {entry: 'http://127.0.0.1:4', pin: {deployment: orders, replicas: 3}}
    free: {entry: 'http://127.0.0.1:5'}`

function targetWithReleases() {
  const files = stockFiles()
  const text = (files.get(TARGET) ?? '').replace(/^ {2}entry: .+$/m, (line) => `${line}\n  ${RELEASES}`)
  const target = parseTarget({ read: () => text }, TARGET)
  if (!target.ok) throw new Error(JSON.stringify(target.issues))
  return target.value
}

const between = (a: string, b: string): CompareSession => ({
  kind: 'compare',
  a: { name: a, entry: 'http://127.0.0.1:1' },
  b: { name: b, entry: 'http://127.0.0.1:2' },
  duet: false,
  aa: a === b,
  settings: compareSettings(),
})
const held = (a: string, b: string) =>
  pinsOf(targetWithReleases(), between(a, b)).map(({ deployment, replicas }) => `${deployment} ${replicas}`)

describe('the Deployments that a comparison holds', () => {
  it.each<[string, string, string, readonly string[]]>([
    ['of two releases are both', 'old', 'new', ['orders 3', 'orders-new 3']],
    ['of a release that is compared with itself is one', 'old', 'old', ['orders 3']],
    ['of two releases with one Deployment is one', 'old', 'same', ['orders 3']],
    ['are only those that have a number', 'free', 'new', ['orders-new 3']],
    ['are none where the releases are URLs', 'http://127.0.0.1:8', 'toString', []],
  ])('%s: %s, %s', (_, a, b, expected) => expect(held(a, b)).toEqual(expected))

  it('must have the same number of replicas', () => {
    const problem = 'orders is held at 3 pods and orders-large at 4: the larger one would win.'
    expect(() => held('old', 'large')).toThrow(BadInput)
    expect(() => held('old', 'large')).toThrow(/lab\.yaml:\d+ replicas-differ/)
    expect(() => held('old', 'large')).toThrow(problem)
  })
})
