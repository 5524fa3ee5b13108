/** The JSON Schemas that editors use, made from the same tables as the parser. */
import { capacityPointsFile } from './capacity-points.ts'
import { capacityFile } from './capacity-shape.ts'
import { cutoverDefinitions } from './cutover-shape.ts'
import { rehearsalFile } from './rehearsal-shape.ts'
import type { JsonSchema } from './shape.ts'
import { targetFile } from './target-shape.ts'

const published = (title: string, description: string, schema: JsonSchema): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title,
  description,
  ...schema,
})

/** By name of the file in docs/. Editors find them through the comment in a file's first line. */
export const schemas: Readonly<Record<string, JsonSchema>> = {
  'rehearsal.schema.json': published(
    'Rehearsal',
    'One planned run: load, faults and what must hold.',
    rehearsalFile.schema,
  ),
  'capacity.schema.json': published(
    'CapacityFile',
    'The file that `matchday capacity` reads: a search for the highest load at which the objectives of a rehearsal hold. Its output has a schema in docs/output/.',
    capacityFile.schema,
  ),
  'capacity-points.schema.json': published(
    'CapacityPoints',
    'Measured capacity by replicas, for a forecast.',
    capacityPointsFile.schema,
  ),
  'target.schema.json': published('Target', 'What differs between clusters: one file a kube context.', {
    ...targetFile.schema,
    $defs: cutoverDefinitions,
  }),
}

/** The text of the file in docs/. */
export const schemaText = (schema: JsonSchema): string => `${JSON.stringify(schema, null, 2)}\n`
