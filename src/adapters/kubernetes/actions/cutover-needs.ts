/** The permissions that a cutover needs: for its log, for what its steps switch and read, and for the objects that are compared. */
import { type CutoverPlace, type CutoverReading, regionKinds, type Switch } from '../../../domain/cutover.ts'
import type { Target } from '../../../domain/rehearsal.ts'
import { listNeeds } from '../posture-lists.ts'
import type { Resource } from './enactor.ts'

export function needsOf(place: CutoverPlace, { namespace }: Target): readonly Resource[] {
  const plans = Object.values(place.steps)
  const switches = plans.flatMap(({ switches: does, undo }) => [
    ...does,
    ...(undo.kind === 'switches' ? undo.switches : []),
  ])
  const proofs = [...plans.flatMap((each) => each.proofs), place.from.writable, place.to.writable]
  const readings = proofs.flatMap(({ reading, wants }) =>
    wants.kind === 'same-as' ? [reading, wants.reading] : [reading],
  )
  const lists = [place.from, place.to].flatMap((region) =>
    regionKinds.flatMap((kind) => listNeeds(kind, region.namespace, { file: '', line: 0, column: 0 })),
  )
  return [
    { group: '', resource: 'configmaps', namespace, verbs: ['create', 'get', 'patch', 'delete'] },
    ...switches.map(switchNeed),
    ...readings.map(readingNeed),
    ...(place.book === undefined ? [] : [proxyNeed(place.book.namespace)]),
    ...lists.map(({ verb, at: _, ...resource }) => ({ ...resource, verbs: [verb] })),
  ]
}

const proxyNeed = (namespace: string): Resource => ({
  group: '',
  resource: 'services',
  subresource: 'proxy',
  namespace,
  verbs: ['get', 'create'],
})
const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? apiVersion.replace(/\/.*/, '') : '')

function switchNeed(each: Switch): Resource {
  const { namespace } = each
  switch (each.kind) {
    case 'field':
      return { group: groupOf(each.apiVersion), resource: each.plural, namespace, verbs: ['get', 'patch'] }
    case 'call':
      return proxyNeed(namespace)
    case 'weights':
      return { group: 'gateway.networking.k8s.io', resource: 'httproutes', namespace, verbs: ['get', 'patch'] }
  }
}

const readingNeed = (reading: CutoverReading): Resource =>
  reading.kind === 'field'
    ? { group: groupOf(reading.apiVersion), resource: reading.plural, namespace: reading.namespace, verbs: ['get'] }
    : proxyNeed(reading.namespace)
