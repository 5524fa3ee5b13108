import { describe, expect, it } from 'vitest'
import { identityOf } from '../../../src/lab/nodes/launched.ts'

const LABELS = {
  'karpenter.sh/nodepool': 'lab',
  'topology.kubernetes.io/zone': 'zone-b',
  'matchday.dev/pool': 'batch',
}
const launched = {
  metadata: { name: 'lab-x7k2p', labels: LABELS },
  spec: { providerID: 'kwok://lab-x7k2p' },
}

describe('a Node object', () => {
  it('that Karpenter launched names the zone and the pool that Karpenter chose', () => {
    expect(identityOf(launched)).toEqual({ name: 'lab-x7k2p', zone: 'zone-b', pool: 'batch' })
  })

  it.each([
    ['without a NodePool', { ...launched, metadata: { name: 'kwok-1', labels: {} } }],
    ['of another provider', { ...launched, spec: { providerID: 'aws:///i-1' } }],
    ['without a provider', { metadata: launched.metadata }],
    ['that is going', { ...launched, metadata: { ...launched.metadata, deletionTimestamp: '2026-11-30T00:00:00Z' } }],
  ])('%s is none', (_, object) => expect(identityOf(object)).toBeUndefined())
})
