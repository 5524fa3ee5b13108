import { Ajv2020 } from 'ajv/dist/2020.js'
import { outputSchemas } from '../../src/cli/output-schemas.ts'

const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false })
const validators = Object.fromEntries(
  Object.entries(outputSchemas).map(([name, schema]) => [name, ajv.compile(schema)]),
)

/** What is wrong in a document that `-o json` printed; empty where it is as docs/output/<schema>.schema.json says. */
export function wrongIn(schema: string, document: unknown): readonly string[] {
  const validate = validators[`${schema}.schema.json`]
  if (validate === undefined) throw new Error(`no ${schema}`)
  validate(document)
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  )
}
