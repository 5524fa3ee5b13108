import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { needsOf } from '../../../src/adapters/kubernetes/preflight.ts'
import type { ChaosManifest } from '../../../src/domain/rehearsal.ts'
import { everythingPair } from '../../files/stock.ts'
import { canaryAct } from '../../support/canary.ts'
import { actionOf } from '../../support/evidence-actions.ts'

type Rule = {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}
type Role = {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly rules: readonly Rule[]
  readonly roleRef?: { readonly name: string }
}
const SECRET_AGES = 'matchday-secret-ages'
const DRY_RUNS = 'matchday-dry-runs'
const DIALS = 'matchday-dials'

/** What a need may do with more than it takes has a role of its own, which is bound to nobody. */
const roleOf = (verb: string, resource: string): string => {
  if (resource === 'secrets') return SECRET_AGES
  if (resource === 'pods/exec') return DIALS
  if (resource === 'namespaces') return 'matchday-in-cluster'
  return verb === 'create' && resource === 'pods' ? DRY_RUNS : 'matchday-in-namespace'
}

const documents = parseAllDocuments(readFileSync('docs/how-to/rbac.yaml', 'utf8')).map((each) => each.toJS() as Role)
const rulesOf = (name: string): readonly Rule[] =>
  documents.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === name)?.rules ?? []

describe('docs/how-to/rbac.yaml', () => {
  const { rehearsal, target } = everythingPair()
  const kinds = ['PodChaos', 'HTTPChaos', 'DNSChaos'].map(
    (kind): ChaosManifest => ({
      ...(rehearsal.faults[0]?.object ?? { apiVersion: '', metadata: { name: '' }, spec: {} }),
      kind,
    }),
  )
  const faults = kinds.flatMap((object) => rehearsal.faults.slice(0, 1).map((fault) => ({ ...fault, object })))
  const actions = [...rehearsal.actions, actionOf('gateway 2', canaryAct())]
  const needs = needsOf({ ...rehearsal, actions, faults: [...rehearsal.faults, ...faults] }, target)

  it.each(
    needs.map(
      (need) =>
        [
          `${need.verb} ${need.resource}${need.subresource ? `/${need.subresource}` : ''} ${need.namespace || 'in the cluster'}`,
          need,
        ] as const,
    ),
  )(
    'grants what a rehearsal with one of everything asks for: %s',
    (_, { verb, group, resource, subresource, namespace }) => {
      const wanted = subresource ? `${resource}/${subresource}` : resource
      const role = roleOf(verb, wanted)
      const rules = rulesOf(namespace === '' ? 'matchday-in-cluster' : role)
      const grants = rules.filter(
        ({ apiGroups, resources, verbs }) =>
          apiGroups.includes(group) && resources.includes(wanted) && verbs.includes(verb),
      )
      expect(grants).not.toEqual([])
    },
  )

  it('grants no unused verb on pods', () => {
    const granted = rulesOf('matchday-in-namespace')
      .filter(({ apiGroups, resources }) => apiGroups.includes('') && resources.includes('pods'))
      .flatMap(({ verbs }) => verbs)
    const asked = needs.filter(
      ({ verb, group, resource, subresource }) =>
        `${group}${resource}${subresource ?? ''}` === 'pods' && roleOf(verb, resource) === 'matchday-in-namespace',
    )
    expect(granted.toSorted()).toEqual([...new Set(asked.map(({ verb }) => verb))].toSorted())
  })

  it('grants nothing by wildcard, and no secrets but in a role of their own that nobody has', () => {
    const granted = documents.flatMap(({ metadata, rules = [] }) =>
      rules.flatMap((rule) =>
        [...rule.apiGroups, ...rule.resources, ...rule.verbs].map((each) => [metadata.name, each]),
      ),
    )
    expect(granted.filter(([, each]) => each === '*')).toEqual([])
    expect(granted.filter(([, each]) => each?.startsWith('secret'))).toEqual([[SECRET_AGES, 'secrets']])
    expect(documents.map(({ roleRef }) => roleRef?.name)).not.toContain(SECRET_AGES)
  })
})
