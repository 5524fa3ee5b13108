/** A chaos file may only select namespaces that the rehearsal lists. Live pods are counted later, by `plan`. */
import type { ChaosManifest } from '../../domain/rehearsal.ts'
import { valueText } from '../../domain/unknown.ts'
import { isFields } from '../../protocols/fields.ts'
import type { ChaosFile } from '../chaos-file.ts'
import { listed } from '../did-you-mean.ts'
import type { Draft, FaultDraft } from '../rehearsal.ts'
import type { Report } from '../report.ts'

export function checkBlastRadius(draft: Draft, chaos: ReadonlyMap<FaultDraft, ChaosFile>, report: Report): void {
  if (draft.blastRadius?.whole !== true) return
  const { at: limitAt, value } = draft.blastRadius.value
  for (const { object, at } of chaos.values()) {
    for (const { path, namespace } of namedNamespaces(object)) {
      if (value.namespaces.includes(namespace)) continue
      const problem = `This reaches into the namespace ${namespace}; this rehearsal allows ${listed(value.namespaces)}.`
      const next = `select other pods, or add ${namespace} to blastRadius in ${limitAt.file}:${limitAt.line}.`
      report(at(path), 'outside-blast-radius', problem, next)
    }
  }
}

type Reach = { readonly path: string; readonly namespace: string }

/** The namespaces that the object names. If it names none, it means the target's, which only `plan` knows. */
function namedNamespaces(object: ChaosManifest): readonly Reach[] {
  const own = object.metadata.namespace
  const selectors = [
    ['spec.selector', isFields(object.spec.selector) ? object.spec.selector : {}],
    ['spec.target.selector', isFields(object.spec.target) ? object.spec.target.selector : undefined],
  ] as const
  const selected = selectors.flatMap(([path, selector]) => (isFields(selector) ? selectorReach(path, selector) : []))
  return own === undefined ? selected : [{ path: 'metadata.namespace', namespace: own }, ...selected]
}

function selectorReach(path: string, selector: Readonly<Record<string, unknown>>): readonly Reach[] {
  const named = isFields(selector.pods) ? Object.keys(selector.pods) : []
  const listedOnes = Array.isArray(selector.namespaces) ? selector.namespaces.map(valueText) : []
  return [
    ...named.map((namespace) => ({ path: `${path}.pods.${namespace}`, namespace })),
    ...listedOnes.map((namespace, index) => ({ path: `${path}.namespaces[${index}]`, namespace })),
  ]
}
