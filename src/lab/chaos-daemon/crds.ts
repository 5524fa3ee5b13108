/** The CustomResourceDefinitions that the lab installs, made from the same schemas that check files. */

import type { ChaosKind } from '../../protocols/chaos-mesh/objects.ts'
import { faultKinds, GROUP, KINDS, pluralOf, VERSION } from '../../protocols/chaos-mesh/objects.ts'
import { statusSchema } from '../../protocols/chaos-mesh/schema.ts'

export const crdName = (kind: ChaosKind): string => `${pluralOf(kind)}.${GROUP}`

/** One definition per kind. As upstream, there is no status subresource, so writing the status increases `metadata.generation`. */
export const customResourceDefinitions = (): readonly { readonly name: string; readonly body: unknown }[] =>
  KINDS.map((kind) => ({ name: crdName(kind), body: definition(kind) }))

function definition(kind: ChaosKind): unknown {
  const plural = pluralOf(kind)
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: crdName(kind) },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular: plural },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: objectSchema(kind) },
          additionalPrinterColumns: columns(kind),
        },
      ],
    },
  }
}

const objectSchema = (kind: ChaosKind): unknown => ({
  type: 'object',
  required: ['spec'],
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object' },
    spec: faultKinds[kind].schema,
    status: statusSchema,
  },
})

function columns(kind: ChaosKind): readonly unknown[] {
  const names = faultKinds[kind].schema.properties?.action === undefined ? ['duration'] : ['action', 'duration']
  return names.map((name) => ({ name, type: 'string', jsonPath: `.spec.${name}` }))
}
