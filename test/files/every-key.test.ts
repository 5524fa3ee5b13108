/** Every key of every file, with what happens when its value is another one. A new key must stand in one of the files of good/keys. */
import { describe, expect, it } from 'vitest'
import { parse as readYaml } from 'yaml'
import type { Rehearsal, Target } from '../../src/domain/rehearsal.ts'
import { isObject } from '../../src/domain/unknown.ts'
import { parseCapacity } from '../../src/files/capacity.ts'
import { parseCapacityPoints } from '../../src/files/capacity-points.ts'
import { checkFit } from '../../src/files/fit.ts'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { schemas } from '../../src/files/schema.ts'
import { parseTarget } from '../../src/files/target.ts'
import { accepted, keyFiles } from '../support/key-files.ts'
import { alone, everyKey, type Parse } from './every-key.ts'

const textOf = (file: string): string => keyFiles.read(file) ?? ''
const filesWith = (file: string, text: string) => ({
  read: (path: string) => (path === file ? text : keyFiles.read(path)),
})

/** Rehearsals, each with the target that has what it needs. */
const PAIRS = {
  'run.rehearsal.yaml': 'target.yaml',
  'faults.rehearsal.yaml': 'target.yaml',
  'actions.rehearsal.yaml': 'cutover.target.yaml',
  'releases.rehearsal.yaml': 'target.yaml',
} as const
type RehearsalFile = keyof typeof PAIRS
const targetOf = (file: RehearsalFile): Target => accepted(parseTarget(keyFiles, PAIRS[file]))
const rehearsalOf = (file: RehearsalFile): Rehearsal => accepted(parseRehearsal(keyFiles, file, targetOf(file)))

/** Called in a test, because its target is read with the code of that moment. */
type Parser = () => Parse
const rehearsing = (file: RehearsalFile): Parser => {
  return () => {
    const target = targetOf(file)
    return (text) => parseRehearsal(filesWith(file, text), file, target)
  }
}

/** A target, which must also fit to rehearsals. */
function targeting(file: string, ...tried: readonly RehearsalFile[]): Parser {
  return () => {
    const rehearsals = tried.map(rehearsalOf)
    return (text) => {
      const parsed = parseTarget(filesWith(file, text), file)
      const [first, ...others] = parsed.ok ? rehearsals.flatMap((each) => checkFit(each, parsed.value)) : []
      return first === undefined ? parsed : { ok: false, issues: [first, ...others] }
    }
  }
}

const searching: Parser = () => {
  const [searched, on] = [rehearsalOf('run.rehearsal.yaml'), targetOf('run.rehearsal.yaml')]
  return (text) => {
    const parsed = parseCapacity(filesWith('capacity.yaml', text), 'capacity.yaml')
    if (!parsed.ok) return parsed
    const { name, rehearsal, zoneLessAt, sessionOn } = parsed.value
    const session = sessionOn(on, searched)
    return session.ok ? { ok: true, value: { name, rehearsal, zoneLessAt, session: session.value } } : session
  }
}

const pointing: Parser = () => (text) => parseCapacityPoints(filesWith('points.yaml', text), 'points.yaml')

/** A file that a rehearsal names. */
function named(file: string, by: RehearsalFile, place: string): Parser {
  return () => {
    const target = targetOf(by)
    const rehearsal = alone(textOf(by), place, OPTIONAL, []).source
    return (text) => {
      const read = (path: string) => (path === by ? rehearsal : filesWith(file, text).read(path))
      return parseRehearsal({ read }, by, target)
    }
  }
}

const OPTIONAL = 'faults actions expect reaches slis guardrails compare gameday slos[4] slos[5] slos[6]'
  .split(' ')
  .map((key) => `spec.${key}`)
const TARGET_OPTIONAL = Object.keys(readYaml(textOf('target.yaml')).spec)
  .filter((key) => !['context', 'namespace', 'entry', 'sources'].includes(key))
  .map((key) => `spec.${key}`)

/** What a release with a migration needs of its target. */
const MIGRATES = ['spec.migrations', 'spec.sources']

/** File, the places in it, how it is read, what may be left out of it, and what stays because another part needs it. */
type Row = readonly [
  file: string,
  places: readonly string[],
  parser: Parser,
  optional?: readonly string[],
  needs?: readonly string[],
]

const items = (place: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${place}[${index}]`)
const below = (place: string, keys: string): readonly string[] => keys.split(' ').map((key) => `${place}.${key}`)
const HEAD = ['apiVersion', 'kind', 'metadata']

const rows: readonly Row[] = [
  [
    'run.rehearsal.yaml',
    [...HEAD, ...below('spec', 'hypothesis target load blastRadius timeline')],
    rehearsing('run.rehearsal.yaml'),
    OPTIONAL,
  ],
  ['run.rehearsal.yaml', items('spec.expect', 10), rehearsing('run.rehearsal.yaml'), OPTIONAL, ['spec.actions']],
  [
    'run.rehearsal.yaml',
    [...items('spec.reaches', 3), ...items('spec.guardrails', 2)],
    rehearsing('run.rehearsal.yaml'),
    OPTIONAL,
  ],
  [
    'run.rehearsal.yaml',
    ['spec.slis', 'spec.slos'],
    rehearsing('run.rehearsal.yaml'),
    OPTIONAL,
    ['spec.slis', 'spec.slos'],
  ],
  ['run.rehearsal.yaml', ['spec.compare', 'spec.gameday'], rehearsing('run.rehearsal.yaml'), OPTIONAL],
  ['faults.rehearsal.yaml', items('spec.faults', 7), rehearsing('faults.rehearsal.yaml'), OPTIONAL],
  ['actions.rehearsal.yaml', items('spec.actions', 12), rehearsing('actions.rehearsal.yaml'), OPTIONAL],
  ['releases.rehearsal.yaml', items('spec.actions', 9), rehearsing('releases.rehearsal.yaml'), OPTIONAL],
  [
    'target.yaml',
    [...HEAD, ...below('spec', 'context namespace entry clusterUid hpaSync injectionBudget loadFactor load')],
    targeting('target.yaml'),
    TARGET_OPTIONAL,
  ],
  [
    'target.yaml',
    below(
      'spec',
      'publish credentials followUps readinessProbe addresses endpoints releases acceptedFindings databases restores',
    ),
    targeting('target.yaml'),
    TARGET_OPTIONAL,
  ],
  ['target.yaml', ['spec.migrations'], targeting('target.yaml', 'releases.rehearsal.yaml'), TARGET_OPTIONAL, MIGRATES],
  [
    'target.yaml',
    below('spec', 'sources prometheus books streams providerCalls'),
    targeting('target.yaml', 'run.rehearsal.yaml', 'faults.rehearsal.yaml'),
    TARGET_OPTIONAL,
    below('spec', 'sources prometheus books streams providerCalls'),
  ],
  [
    'cutover.target.yaml',
    below('spec.cutovers.eastward', 'from to unlike book served'),
    targeting('cutover.target.yaml', 'actions.rehearsal.yaml'),
  ],
  [
    'cutover.target.yaml',
    below('spec.cutovers.eastward.steps', 'ready freeze drain catchUp promote warm traffic thaw'),
    targeting('cutover.target.yaml', 'actions.rehearsal.yaml'),
  ],
  ['login.target.yaml', below('spec', 'prometheus sources'), targeting('login.target.yaml')],
  [
    'cutover.target.yaml',
    below('spec', 'prometheus databases restores'),
    targeting('cutover.target.yaml', 'actions.rehearsal.yaml'),
  ],
  ['capacity.yaml', [...HEAD, ...below('spec', 'rehearsal search withZones event resources prices')], searching],
  ['points.yaml', [...HEAD, 'spec'], pointing],
  ['carrier-down.yaml', [...HEAD, 'spec'], named('carrier-down.yaml', 'faults.rehearsal.yaml', 'spec.faults[0]')],
  ['shop.openslo.yaml', [...HEAD, 'spec'], named('shop.openslo.yaml', 'run.rehearsal.yaml', 'spec.slos[5]')],
  ['latency.openslo.yaml', [...HEAD, 'spec'], named('latency.openslo.yaml', 'run.rehearsal.yaml', 'spec.slos[6]')],
]

describe('a key whose value is another one', () => {
  for (const [file, places, parser, optional = [], needs = []] of rows)
    it.each(places)(`gives what the golden file shows: ${file} %s`, async (place) => {
      const name = place
        .replace(/^spec\./, '')
        .replace(/[.[\]]+/g, '-')
        .replace(/-$/, '')
      const shown = everyKey(alone(textOf(file), place, optional, needs), parser())
      await expect(shown).toMatchFileSnapshot(`golden/keys/${file.replace('.yaml', '')}/${name}.md`)
    })
})

/** The keys of a map in the schema, which tell what kind of map it is, and those of them that stand in a file. */
type Keys = Map<string, Set<string>>

/** `values`: all that stands at this place, in all files. */
function collectKeys(schema: unknown, values: readonly unknown[], seen: Keys): void {
  if (!isObject(schema)) return
  const { $ref, oneOf, properties, items: item, additionalProperties: cell } = schema
  if (typeof $ref === 'string') return collectKeys(definition($ref), values, seen)
  const maps = values.filter(isObject)
  if (isObject(cell)) collectKeys(cell, maps.flatMap(Object.values), seen)
  if (isObject(item))
    collectKeys(
      item,
      values.flatMap((value) => (Array.isArray(value) ? value : [])),
      seen,
    )
  for (const form of Array.isArray(oneOf) ? oneOf : [])
    collectKeys(
      form,
      values.filter((value) => hasForm(form, value)),
      seen,
    )
  if (!isObject(properties)) return
  const kind = Object.keys(properties).join(', ')
  for (const [key, each] of Object.entries(properties)) {
    const found = maps.flatMap((map) => (Object.hasOwn(map, key) ? [map[key]] : []))
    const used = seen.get(kind) ?? new Set()
    seen.set(kind, found.length === 0 ? used : used.add(key))
    collectKeys(each, found, seen)
  }
}

/** Former keys, and keys that stand in the files of other tests. */
const ELSEWHERE = ['turns', 'wants', 'herd', 'backsOff']

/** A map that no file has is told by the key that it belongs to. */
function unusedKeys(schema: unknown, values: readonly unknown[]): readonly string[] {
  const seen: Keys = new Map()
  collectKeys(schema, values, seen)
  return [...seen].flatMap(([kind, used]) =>
    kind
      .split(', ')
      .flatMap((key) => (used.size === 0 || used.has(key) || ELSEWHERE.includes(key) ? [] : [`${key} of ${kind}`])),
  )
}

const definition = (ref: string): unknown => {
  const { $defs } = schemas['target.schema.json'] ?? {}
  return isObject($defs) ? $defs[ref.replace('#/$defs/', '')] : undefined
}

/** Whether a value may be meant as this form: it has only keys of it. */
function hasForm(form: unknown, value: unknown): boolean {
  if (!isObject(form) || !isObject(form.properties)) return true
  const { properties } = form
  return isObject(value) && Object.keys(value).every((key) => Object.hasOwn(properties, key))
}

describe('the files with every key', () => {
  const read = (names: readonly string[]): readonly unknown[] => names.map((name) => readYaml(textOf(name)))

  it.each([
    ['rehearsal.schema.json', Object.keys(PAIRS)],
    ['target.schema.json', ['target.yaml', 'cutover.target.yaml', 'login.target.yaml']],
    ['capacity.schema.json', ['capacity.yaml']],
    ['capacity-points.schema.json', ['points.yaml']],
  ])('have all keys of %s', (schema, names) => {
    expect(unusedKeys(schemas[schema], read(names))).toEqual([])
  })

  it.each([
    ...(Object.keys(PAIRS) as RehearsalFile[]).map((file) => [file, () => rehearsalOf(file)] as const),
    ...['target.yaml', 'cutover.target.yaml', 'login.target.yaml'].map(
      (file) => [file, () => accepted(parseTarget(keyFiles, file))] as const,
    ),
    ['capacity.yaml', () => accepted(searching()(textOf('capacity.yaml')))],
    ['points.yaml', () => accepted(pointing()(textOf('points.yaml')))],
  ] as const)('become the values of the golden file: %s', async (file, read) => {
    const text = JSON.stringify(read(), undefined, 1)
    await expect(`${text}\n`).toMatchFileSnapshot(`golden/keys/${file.replace('.yaml', '')}/values.json`)
  })

  // Plans and journals are JSON: a field that is there and undefined would be gone when it is read back.
  it.each(Object.keys(PAIRS) as RehearsalFile[])('become values that JSON can hold: %s', (file) => {
    for (const value of [rehearsalOf(file), targetOf(file)])
      expect(JSON.parse(JSON.stringify(value))).toStrictEqual(value)
  })
})
