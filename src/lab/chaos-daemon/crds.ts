/** The CustomResourceDefinitions that the lab installs: fault kinds from the schemas that check files, all others without a schema. */

import type { ChaosKind } from '../../protocols/chaos-mesh/objects.ts'
import { faultKinds, GROUP, KINDS, pluralOf, VERSION } from '../../protocols/chaos-mesh/objects.ts'
import { OTHER_KINDS, type OtherKind } from '../../protocols/chaos-mesh/other-kinds.ts'
import { statusSchema } from '../../protocols/chaos-mesh/schema.ts'

export const crdName = (kind: ChaosKind): string => `${pluralOf(kind)}.${GROUP}`

type Definition = { readonly name: string; readonly body: unknown }

/** One definition per kind. As upstream, there is no status subresource, so writing the status increases `metadata.generation`. */
export const customResourceDefinitions = (): readonly Definition[] =>
  KINDS.map((kind) => {
    const names = { kind, plural: pluralOf(kind), singular: pluralOf(kind), scope: 'Namespaced' }
    return { name: crdName(kind), body: definition(names, objectSchema(kind), columns(kind)) }
  })

/** Kinds that the lab refuses by its webhook. A definition without a schema lets every object reach that refusal. */
export const refusedDefinitions = (): readonly Definition[] =>
  OTHER_KINDS.map(({ kind, plural, scope }: OtherKind) => ({
    name: `${plural}.${GROUP}`,
    body: definition({ kind, plural, singular: kind.toLowerCase(), scope }, ANY_OBJECT, []),
  }))

const ANY_OBJECT = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

type Names = { readonly kind: string; readonly plural: string; readonly singular: string; readonly scope: string }

function definition({ scope, ...names }: Names, schema: unknown, columns: readonly unknown[]): unknown {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope,
      names: { ...names, listKind: `${names.kind}List` },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          additionalPrinterColumns: columns,
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
