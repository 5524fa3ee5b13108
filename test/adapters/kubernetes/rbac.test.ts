import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { needsOf } from '../../../src/adapters/kubernetes/preflight.ts'
import type { ChaosManifest } from '../../../src/domain/rehearsal.ts'
import { everythingPair } from '../../files/stock.ts'
import { canaryAct } from '../../support/canary.ts'
import { actionOf } from '../../support/evidence-actions.ts'
import { cutoverAct, eastward } from '../../support/evidence-cutover.ts'

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
const LOAD_CREDENTIALS = 'matchday-load-credentials'
const LOAD = 'matchday-load'
const DRY_RUNS = 'matchday-dry-runs'
const DIALS = 'matchday-dials'

/** Roles that allow more than matchday does with them. rbac.yaml binds them to nobody. */
const UNBOUND = [SECRET_AGES, LOAD_CREDENTIALS, DRY_RUNS, DIALS]

const roleOf = (verb: string, resource: string, namespace: string): string => {
  if (namespace === LOAD) return resource === 'secrets' ? LOAD_CREDENTIALS : LOAD
  if (resource === 'secrets') return SECRET_AGES
  if (resource === 'pods/exec') return DIALS
  if (resource === 'namespaces') return 'matchday-in-cluster'
  return verb === 'create' && resource === 'pods' ? DRY_RUNS : 'matchday-in-namespace'
}

const documents = parseAllDocuments(readFileSync('docs/how-to/rbac.yaml', 'utf8')).map((each) => each.toJS() as Role)
const rulesOf = (name: string): readonly Rule[] =>
  documents.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === name)?.rules ?? []

const runsPods = (groups: readonly string[], resources: readonly string[], verbs: readonly string[]): boolean =>
  groups.includes('') && (resources.includes('pods/exec') || (resources.includes('pods') && verbs.includes('create')))

describe('docs/how-to/rbac.yaml', () => {
  const { rehearsal, target: given } = everythingPair()
  const at = { file: 'target.yaml', line: 1, column: 1 }
  const load = { runners: 3, namespace: LOAD, image: 'k6', relayImage: 'node', cpu: '1', memory: '1Gi', at }
  const credentials = { SHOP_TOKEN: { at, from: { kind: 'env', name: 'SHOP_TOKEN' } } } as const
  const target = { ...given, load, credentials, cutovers: { eastward } }
  const kinds = ['PodChaos', 'HTTPChaos', 'DNSChaos'].map(
    (kind): ChaosManifest => ({
      ...(rehearsal.faults[0]?.object ?? { apiVersion: '', metadata: { name: '' }, spec: {} }),
      kind,
    }),
  )
  const faults = kinds.flatMap((object) => rehearsal.faults.slice(0, 1).map((fault) => ({ ...fault, object })))
  const actions = [...rehearsal.actions, actionOf('gateway 2', canaryAct()), actionOf('go east', cutoverAct)]
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
      const role = roleOf(verb, wanted, namespace)
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
      ({ verb, group, resource, subresource, namespace }) =>
        `${group}${resource}${subresource ?? ''}` === 'pods' &&
        roleOf(verb, resource, namespace) === 'matchday-in-namespace',
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
    expect(granted.filter(([, each]) => each?.startsWith('secret'))).toEqual([
      [SECRET_AGES, 'secrets'],
      [LOAD_CREDENTIALS, 'secrets'],
    ])
    const bound = documents.flatMap(({ roleRef }) => roleRef?.name ?? [])
    expect(bound.filter((name) => UNBOUND.includes(name))).toEqual([])
    expect(
      bound.flatMap(rulesOf).filter(({ apiGroups, resources, verbs }) => runsPods(apiGroups, resources, verbs)),
    ).toEqual([])
  })

  it.each([LOAD, ...UNBOUND])('grants with %s what is asked for, and no more', (role) => {
    const granted = rulesOf(role).flatMap(({ apiGroups, resources, verbs }) =>
      verbs.map((verb) => `${verb} ${apiGroups.join()}/${resources.join()}`),
    )
    const asked = needs.flatMap(({ verb, group, resource, subresource, namespace }) => {
      const wanted = subresource ? `${resource}/${subresource}` : resource
      return roleOf(verb, wanted, namespace) === role ? [`${verb} ${group}/${wanted}`] : []
    })
    expect(granted.toSorted()).toEqual([...new Set(asked)].toSorted())
  })
})

describe('docs/how-to/priority.yaml', () => {
  const [schema] = parseAllDocuments(readFileSync('docs/how-to/priority.yaml', 'utf8')).map((each) => each.toJS())
  const [{ subjects, resourceRules }] = schema.spec.rules

  it('is for the account of rbac.yaml', () => {
    const account = documents.find(({ kind }) => kind === 'ServiceAccount')?.metadata
    expect(subjects).toEqual([{ kind: 'ServiceAccount', serviceAccount: account }])
  })

  it('is for what the lock asks for, in the namespace of the account', () => {
    const lease = rulesOf('matchday-in-namespace').find(({ resources }) => resources.includes('leases'))
    const [rule] = resourceRules
    expect({ ...rule, verbs: rule.verbs.toSorted() }).toEqual({
      ...lease,
      verbs: lease?.verbs.toSorted(),
      namespaces: ['casino'],
    })
  })
})
