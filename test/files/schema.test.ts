import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { schemas, schemaText } from '../../src/files/schema.ts'
import { brokenActions, brokenRehearsals, brokenTargets, type Row } from './broken-files.ts'
import { REHEARSAL, stockFiles, TARGET } from './stock.ts'

const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false })
const validators = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, ajv.compile(schema)]))

function accepts(schema: string, text: string): boolean {
  const validate = validators[schema]
  if (validate === undefined) throw new Error(`no ${schema}`)
  return validate(parse(text)) === true
}

describe('the published JSON Schemas', () => {
  it.each(Object.keys(schemas))('docs/%s is what the parser reads by (mend with vitest -u)', async (name) => {
    await expect(schemaText(schemas[name] ?? {})).toMatchFileSnapshot(`../../docs/${name}`)
  })

  it.each([
    ['rehearsal.schema.json', REHEARSAL],
    ['rehearsal.schema.json', 'test/files/good/everything.yaml'],
    ['target.schema.json', TARGET],
    ['target.schema.json', 'test/files/good/target.yaml'],
    ['target.schema.json', 'scenarios/targets/staging-eu.example.yaml'],
  ])('%s accepts %s', (schema, path) => {
    expect(accepts(schema, readFileSync(path, 'utf8'))).toBe(true)
  })

  it.each([REHEARSAL, TARGET])('%s names its schema in the first line', (path) => {
    const [line] = readFileSync(path, 'utf8').split('\n')
    const named = /\$schema=(\S+)$/.exec(line ?? '')?.[1] ?? ''
    const url = new URL(named, `file:///${path}`).pathname.slice(1)
    expect(Object.keys(schemas).map((name) => `docs/${name}`)).toContain(url)
  })

  // What a schema can know: keys, types and forms. The rest hangs on other files or on two places of one.
  const knowable = ['unknown-key', 'missing-key', 'wrong-type', 'missing-unit']
  const isKnowable = ([, , , issues]: Row): boolean =>
    issues.some((issue) => knowable.includes(issue.split(':')[0] ?? ''))

  it.each([...brokenRehearsals, ...brokenActions].filter(isKnowable))(
    'marks %s in the editor too',
    (_, file, edits) => {
      const text = stockFiles({ [file]: edits }).get(file) ?? ''
      // The alias is no YAML at all for a strict reader.
      if (text.includes('*script')) return
      expect(accepts('rehearsal.schema.json', text.replace('!one', ''))).toBe(text.includes('!one'))
    },
  )

  // Two tables of one file can clash.
  const isOfOnePlace = ([, , , issues]: Row): boolean => !issues.some((issue) => issue.startsWith('duplicate-name'))

  it.each(brokenTargets.filter(isOfOnePlace))('marks %s of a target file in the editor too', (_, file, edits) => {
    expect(accepts('target.schema.json', stockFiles({ [file]: edits }).get(file) ?? '')).toBe(false)
  })
})

describe('a key that was renamed', () => {
  const renamed = [
    ['backsOff', 'circuitOpens', 'needed'],
    ['herd', 'thunderingHerd', 'optional'],
    ['turns', 'flapping', 'needed'],
    ['wants', 'checks', 'needed'],
  ] as const

  /** Whether the schema accepts the file with everything when the key is written under these names. */
  const accepted = (key: string, names: readonly string[]): boolean => {
    const file = JSON.stringify(parse(readFileSync('test/files/good/everything.yaml', 'utf8')))
    return accepts(
      'rehearsal.schema.json',
      JSON.stringify(
        JSON.parse(file, (_, map: unknown) => {
          if (typeof map !== 'object' || map === null || !(key in map)) return map
          const { [key]: value, ...others } = map as Readonly<Record<string, unknown>>
          return { ...others, ...Object.fromEntries(names.map((name) => [name, value])) }
        }),
      ),
    )
  }

  it.each(renamed)('is accepted as %s and as %s, but not as both (%s)', (former, key, needed) => {
    expect(accepted(key, [key])).toBe(true)
    expect(accepted(key, [former])).toBe(true)
    expect(accepted(key, [former, key])).toBe(false)
    expect(accepted(key, [])).toBe(needed === 'optional')
  })

  it('is in this table', () => {
    const deprecated = new Set<string>()
    JSON.stringify(schemas, (key, value: unknown) => {
      if (typeof value === 'object' && value !== null && 'deprecated' in value) deprecated.add(key)
      return value
    })
    expect([...deprecated].sort()).toEqual(renamed.map(([former]) => former))
  })
})
