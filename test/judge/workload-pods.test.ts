import { expect } from 'vitest'
import type { PodOwner } from '../../src/domain/cluster.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { readJournal } from '../../src/journal/read.ts'
import { mapped } from '../support/evidence.ts'
import { it, judge } from '../support/reviewed.ts'

const recorded: Evidence[] = []
for await (const { record } of readJournal('reports/example/journal.ndjson')) recorded.push(record)

/** The recorded run, whose autoscaler scales rel1-payments-api, and whose pods of payments-api have this owner. */
const renamed = (owner: PodOwner, namespace = 'casino'): readonly Evidence[] =>
  mapped(moved(namespace), 'object-seen', (each) => {
    const { object } = each
    if (object.resource === 'HorizontalPodAutoscaler' && object.of === 'payments-api') {
      return { ...each, object: { ...object, of: 'rel1-payments-api', ofKind: 'Deployment' } }
    }
    return object.resource === 'Pod' && object.app === 'payments-api'
      ? { ...each, object: { ...object, owner, namespace } }
      : each
  })
/** The recorded run, in which the pods of payments-api are scraped in this namespace. */
const moved = (namespace: string): readonly Evidence[] =>
  mapped(recorded, 'run-started', (head) => {
    const { sources } = head.target
    const source = sources['payments-api']
    return source === undefined
      ? head
      : { ...head, target: { ...head.target, sources: { ...sources, 'payments-api': { ...source, namespace } } } }
  })
const autoscaler = (records: readonly Evidence[]) => {
  const { verdict, autoscalers } = judge(records)
  return { verdict: verdict.kind, result: autoscalers[0] }
}
const original = () => autoscaler(recorded)

it('an autoscaler is judged by the owners of pods, even if the app label has another name than the Deployment', () => {
  expect(original().verdict).toBe('pass')
  expect(autoscaler(renamed({ kind: 'Deployment', name: 'rel1-payments-api' }))).toEqual(original())
})

it.each([
  ['of another Deployment', renamed({ kind: 'Deployment', name: 'payments-api' })],
  ['of a StatefulSet of the same name', renamed({ kind: 'StatefulSet', name: 'rel1-payments-api' })],
  ['in another namespace', renamed({ kind: 'Deployment', name: 'rel1-payments-api' }, 'providers')],
])('pods %s do not count for an autoscaler', (_, records) => {
  const { verdict, result } = autoscaler(records)
  expect(verdict).toBe('fail')
  expect(result).toMatchObject({ held: false, peakReady: 0 })
})

it('pods with the same label in another namespace do not count in a journal without owners', () => {
  const foreign = mapped(moved('providers'), 'object-seen', (each) =>
    each.object.resource === 'Pod' && each.object.app === 'payments-api'
      ? { ...each, object: { ...each.object, namespace: 'providers' } }
      : each,
  )
  expect(autoscaler(foreign)).toMatchObject({ verdict: 'fail', result: { peakReady: 0 } })
})
