/** What holds where a file leaves something out, and the limits of flags. The keys themselves stand in the golden files of every-key. */
import { describe, expect, it } from 'vitest'
import { isCapacityFile, parseCapacity, usualSession } from '../../src/files/capacity.ts'
import { compareSettings, looksUpTo } from '../../src/files/compare-shape.ts'
import { flagShapes, parseFlag } from '../../src/files/flags.ts'
import { targetPath } from '../../src/files/target.ts'
import { stockPair } from './stock.ts'

describe('a flag', () => {
  it.each<[keyof typeof flagShapes, readonly string[], readonly string[]]>([
    ['duration', ['0s', '1ms', '24h'], ['24h1ms', '10', 'soon']],
    ['factor', ['0.01x', '10000x'], ['0.009x', '10000.1x', '2']],
    ['namespace', ['a', 'a'.repeat(63)], ['a'.repeat(64), 'A', '-a', '7.']],
    ['port', ['1', '65535'], ['0', '65536', '-1', '80x', '1.5']],
    ['runs', ['1', '1000'], ['0', '1001']],
    ['speed', ['0.1x', '1000x'], ['0.09x', '1000.1x']],
    ['seed', ['0', '9007199254740991'], ['9007199254740993', '-1', 'x']],
  ])('--%s', (flag, good, bad) => {
    const isAccepted = (written: string) => parseFlag<unknown>(flagShapes[flag], `--${flag}`, written).ok
    expect(good.filter((written) => !isAccepted(written))).toEqual([])
    expect(bad.filter(isAccepted)).toEqual([])
  })

  it('is a number only where it is written as one', () => {
    expect(parseFlag(flagShapes.seed, '--seed', '007')).toEqual({ ok: true, value: 7 })
    expect(parseFlag(flagShapes.namespace, '--namespace', 'shop')).toEqual({ ok: true, value: 'shop' })
  })
})

describe('a comparison', () => {
  it('has these settings where nothing is written', () => {
    expect(compareSettings()).toStrictEqual({
      settleMs: 5000,
      measuredMs: 30_000,
      factor: 1,
      looks: [4, 6, 8, 10, 12, 16],
      alpha: 0.05,
      worse: { latency: 0, rate: 0 },
      margin: { latency: 0.15 },
      margins: {},
    })
  })

  it.each([
    [2, [2]],
    [4, [4]],
    [5, [4, 5]],
    [12, [4, 6, 8, 10, 12]],
    [15, [4, 6, 8, 10, 12, 15]],
    [16, [4, 6, 8, 10, 12, 16]],
    [17, [4, 6, 8, 10, 12, 16, 17]],
    [20, [4, 6, 8, 10, 12, 16, 20]],
    [25, [4, 6, 8, 10, 12, 16, 20, 24, 25]],
  ])('of at most %i pairs is looked at after %j', (pairs, looks) => expect(looksUpTo(pairs)).toEqual(looks))

  it('of 200 pairs is looked at after every fourth pair to the end', () => {
    const looks = looksUpTo(200)
    expect(looks.slice(-3)).toEqual([192, 196, 200])
    expect(looks).toHaveLength(6 + 46)
  })
})

describe('a search for capacity', () => {
  it('has these settings where nothing is written', () => {
    const { rehearsal, target } = stockPair()
    const others = rehearsal.expectations.filter(({ kind }) => kind !== 'connections')
    expect(
      usualSession({ ...target, hpaSyncMs: 15_000 as never }, { ...rehearsal, expectations: others }),
    ).toStrictEqual({
      kind: 'capacity',
      search: {
        from: 1,
        min: 0.1,
        max: 50,
        growth: 1.6,
        resolution: 0.05,
        measureMs: 30_000,
        extensions: 3,
        repeats: 4,
        holdMs: 120_000,
        holds: 2,
        odds: 0.95,
        recovery: { at: 0.8, withinMs: 60_000 },
        budgetMs: 2_700_000,
      },
      settleMs: 50_000,
      restMs: 120_000,
      resources: [],
    })
  })

  const search = (limits: string) => {
    const text = `apiVersion: matchday.dev/v1\nkind: Capacity\nmetadata: {name: a}\nspec: {rehearsal: a.yaml, search: {${limits}}}\n`
    const parsed = parseCapacity({ read: () => text }, 'capacity.yaml')
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues))
    const { rehearsal, target } = stockPair()
    const session = parsed.value.sessionOn(target, rehearsal)
    return session.ok ? [session.value.search.min, session.value.search.from, session.value.search.max] : session.issues
  }

  it.each([
    ['from: 2x', [0.2, 2, 100]],
    ['from: 2x, least: 2x, most: 2x', [2, 2, 2]],
  ])('has least and most from where it begins: %s', (limits, expected) => expect(search(limits)).toEqual(expected))

  it.each(['from: 2x, least: 3x', 'from: 2x, most: 1x', 'least: 60x, most: 70x'])(
    'has least, from and most in this order: %s',
    (limits) => expect(search(limits)).toMatchObject([{ code: 'out-of-range', at: { line: 4 } }]),
  )

  it.each([
    ['kind: Capacity\n', true],
    ['a: 1\nkind: "Capacity"\n', true],
    ["kind:   'Capacity'\n", true],
    ['kind: CapacityPoints\n', false],
    ['kind: Rehearsal\n', false],
    ['  kind: Capacity\n', false],
  ])('is in a file that says so: %j', (text, expected) => expect(isCapacityFile(text)).toBe(expected))
})

it.each([
  ['a/b.yaml', 'lab', 'a/targets/lab.yaml'],
  ['b.yaml', 'arn:aws:eks:eu/prod_1.2', 'targets/arn-aws-eks-eu-prod_1.2.yaml'],
])('the target file of %s in the context %s is %s', (file, context, path) =>
  expect(targetPath(file, context)).toBe(path),
)
