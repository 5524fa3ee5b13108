/** Shapes of maps with known keys: records, records that may be partly broken, and unions distinguished by their one key. */
import { chooseAmong, didYouMean } from './did-you-mean.ts'
import type { Report } from './report.ts'
import { type Decoded, type JsonSchema, nameOf, refuse, type Shape } from './shape.ts'
import type { YamlEntry, YamlMap, YamlNode } from './yaml-node.ts'

export type Field<T, Needed extends boolean> = {
  readonly shape: Shape<T>
  readonly doc: string
  readonly needed: Needed
  /** Its key in earlier versions of the format. It is still read, with a warning that names the new key. */
  readonly formerly?: string
}
export const need = <T>(shape: Shape<T>, doc: string): Field<T, true> => ({ shape, doc, needed: true })
export const may = <T>(shape: Shape<T>, doc: string): Field<T, false> => ({ shape, doc, needed: false })
/** A field under a new key. */
export const renamed = <T, Needed extends boolean>(formerly: string, field: Field<T, Needed>): Field<T, Needed> => ({
  ...field,
  formerly,
})

type AnyField = Field<unknown, boolean>
type Fields = Readonly<Record<string, AnyField>>
type ValueOf<F> = F extends Field<infer T, infer Needed> ? (Needed extends true ? T : T | undefined) : never
export type RecordOf<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> }
export type PartsOf<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T, boolean> ? Decoded<T> : never
}

/** A value only if all required keys are present and none is broken. Unknown keys are issues. */
export function record<F extends Fields>(fields: F): Shape<RecordOf<F>> {
  const inParts = parts(fields)
  return {
    schema: inParts.schema,
    decode: (node, report) => {
      const decoded = inParts.decode(node, report)
      if (decoded === undefined) return undefined
      const names = Object.keys(fields)
      const written = (name: string): boolean =>
        node.kind === 'map' && writtenEntry(node, name, fields[name]) !== undefined
      const lacks = (name: string): boolean => decoded.value[name] === undefined
      if (names.some((name) => lacks(name) && (fields[name]?.needed || written(name)))) return undefined
      const value = Object.fromEntries(names.map((name) => [name, decoded.value[name]?.value]))
      return { value: value as RecordOf<F>, whole: decoded.whole }
    },
  }
}

/** A record whose parts are independent, so that one broken part does not hide issues in the others. */
export function parts<F extends Fields>(fields: F): Shape<PartsOf<F>> {
  return {
    schema: recordSchema(fields),
    decode: (node, report) => {
      if (node.kind !== 'map') {
        const example = Object.keys(fields)
          .slice(0, 2)
          .map((name) => `${name}: …`)
          .join(', ')
        return refuse(node, report, 'wrong-type', { form: 'a map', example })
      }
      const meant = reportUnknown(node, fields, report)
      const value = Object.entries(fields).map(
        ([name, field]) => [name, part(node, name, field, meant.includes(name), report)] as const,
      )
      const isWhole = value.every(([name, decoded]) =>
        decoded ? decoded.whole : writtenEntry(node, name, fields[name]) === undefined,
      )
      return { value: Object.fromEntries(value) as PartsOf<F>, whole: isWhole }
    },
  }
}

// YAML allows a duplicate key. It was reported, and the first one counts.
const entryOf = (node: YamlMap, name: string): YamlEntry | undefined => node.entries.find(({ key }) => key === name)
/** The entry of a field, under its key or its former key. */
const writtenEntry = (node: YamlMap, name: string, field: AnyField | undefined): YamlEntry | undefined =>
  entryOf(node, name) ?? (field?.formerly === undefined ? undefined : entryOf(node, field.formerly))

/** `mistyped`: a misspelt key was recognised as this one. Reporting this one as missing would count one mistake twice. */
function part(
  node: YamlMap,
  name: string,
  field: Field<unknown, boolean>,
  mistyped: boolean,
  report: Report,
): Decoded<unknown> {
  const entry = writtenEntry(node, name, field)
  if (entry !== undefined) {
    reportFormer(entry, name, report)
    return field.shape.decode(entry.value, report)
  }
  if (field.needed && !mistyped)
    report(node.at, 'missing-key', `${nameOf(node)} has no "${name}".`, `add "${name}": ${field.doc}`)
  return undefined
}

function reportFormer({ key, keyAt }: YamlEntry, name: string, report: Report): void {
  if (key === name) return
  report(keyAt, 'deprecated-key', `"${key}" is now called "${name}".`, `write ${name}; ${key} is still read for now.`)
}

/** Keys that a map may have in its file, former ones included. */
const readable = (fields: Fields, node: YamlMap): readonly string[] =>
  Object.entries(fields).flatMap(([name, { formerly }]) =>
    formerly === undefined || entryOf(node, name) !== undefined ? [name] : [name, formerly],
  )

/** The keys that were probably meant by unknown ones. */
function reportUnknown(node: YamlMap, fields: Fields, report: Report): readonly string[] {
  const known = Object.keys(fields)
  const read = readable(fields, node)
  const strangers = node.entries.filter(({ key }) => !read.includes(key))
  for (const { key, keyAt } of strangers) {
    const next = key === '<<' ? 'write the keys out; YAML 1.2 has no merge keys.' : chooseAmong(key, known, 'its keys')
    report(keyAt, 'unknown-key', `${nameOf(node)} has no key "${key}".`, next)
  }
  return strangers.flatMap(({ key }) => didYouMean(key, known) ?? [])
}

function recordSchema(fields: Fields): JsonSchema {
  const all = Object.entries(fields)
  const properties = all.flatMap(([name, field]) => propertiesOf(name, field))
  const required = all.flatMap(([name, { needed, formerly }]) => (needed && formerly === undefined ? [name] : []))
  const eitherKey = all.flatMap(([name, { needed, formerly }]) => {
    if (formerly === undefined) return []
    return [needed ? writtenSchema(name, formerly) : { not: { required: [name, formerly] } }]
  })
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 ? { required } : {}),
    ...(eitherKey.length > 0 ? { allOf: eitherKey } : {}),
    additionalProperties: false,
  }
}

/** The former key too: an editor must not mark what the parser still reads. */
function propertiesOf(name: string, { doc, shape, formerly }: AnyField): readonly (readonly [string, JsonSchema])[] {
  const today = [name, { description: doc, ...shape.schema }] as const
  if (formerly === undefined) return [today]
  return [today, [formerly, { description: `Now called ${name}.`, deprecated: true, ...shape.schema }]]
}

/** The field is written, under its key or its former key, but not under both. */
const writtenSchema = (name: string, formerly: string | undefined): JsonSchema =>
  formerly === undefined ? { required: [name] } : { oneOf: [{ required: [name] }, { required: [formerly] }] }

type Options = Readonly<Record<string, Field<unknown, boolean>>>
export type OneOf<O extends Options> = {
  [K in keyof O & string]: O[K] extends Field<infer T, boolean> ? { readonly kind: K; readonly value: T } : never
}[keyof O & string]

/** A map with exactly one key, which names the kind of the value. */
export function oneOf<O extends Options>(options: O): Shape<OneOf<O>> {
  const schemas = Object.entries(options).map(([name, field]) => recordSchema({ [name]: { ...field, needed: true } }))
  return {
    schema: schemas.length === 1 && schemas[0] !== undefined ? schemas[0] : { type: 'object', oneOf: schemas },
    decode: (node, report) => {
      const chosen = onlyEntry(node, options, report)
      const option = chosen === undefined ? undefined : options[chosen.name]
      const decoded = chosen && option?.shape.decode(chosen.entry.value, report)
      if (chosen === undefined || decoded === undefined) return undefined
      const value = { kind: chosen.name, value: decoded.value } as unknown as OneOf<O>
      return { value, whole: decoded.whole }
    },
  }
}

type Forms = Readonly<Record<string, Shape<unknown>>>
type FormOf<F extends Forms> = {
  [K in keyof F & string]: F[K] extends Shape<infer T> ? { readonly kind: K; readonly value: T } : never
}[keyof F & string]

/** Maps of several forms, each recognised by a key that only it has. A map without any of these keys has the form `otherwise`. */
export function tellApart<F extends Forms, O extends Forms>(forms: F, otherwise: O): Shape<FormOf<F> | FormOf<O>> {
  const all = Object.entries({ ...forms, ...otherwise })
  return {
    schema: { type: 'object', oneOf: all.map(([, shape]) => shape.schema) },
    decode: (node, report) => {
      const told = all.find(([key]) => node.kind === 'map' && Object.hasOwn(forms, key) && entryOf(node, key))
      const [kind, shape] = told ?? all.at(-1) ?? []
      const decoded = shape?.decode(node, report)
      if (decoded === undefined) return undefined
      return { value: { kind, value: decoded.value } as unknown as FormOf<F> | FormOf<O>, whole: decoded.whole }
    },
  }
}

/** A record with exactly one of `choices` beside its other keys. A separate check verifies which one. */
export function choosing<F extends Fields>(choices: readonly (keyof F & string)[], fields: F): Shape<RecordOf<F>> {
  const shape = record(fields)
  const schema = { ...shape.schema, oneOf: choices.map((choice) => writtenSchema(choice, fields[choice]?.formerly)) }
  return { schema, decode: shape.decode }
}

type Chosen = { readonly name: string; readonly entry: YamlEntry }

function onlyEntry(node: YamlNode, options: Options, report: Report): Chosen | undefined {
  const known = Object.keys(options)
  const example = `${known[0] ?? 'name'}: …`
  if (node.kind !== 'map') return refuse(node, report, 'wrong-type', { form: 'a map with one key', example })
  reportUnknown(node, options, report)
  const read = readable(options, node)
  const entries = node.entries.filter(({ key }) => read.includes(key))
  const [first, second] = entries
  if (second !== undefined) {
    const problem = `${nameOf(node)} has the keys ${entries.map(({ key }) => key).join(' and ')}; it takes one.`
    report(second.keyAt, 'wrong-value', problem, 'make a list item of each.')
  }
  if (first === undefined && node.entries.length === 0)
    report(node.at, 'missing-key', `${nameOf(node)} is empty.`, `write for example ${example}`)
  const name = known.find(
    (each) => first !== undefined && (each === first.key || options[each]?.formerly === first.key),
  )
  if (first === undefined || name === undefined) return undefined
  reportFormer(first, name, report)
  return { name, entry: first }
}
