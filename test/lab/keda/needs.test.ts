import { describe, expect, it } from 'vitest'
import { needsKeda } from '../../../src/lab/keda/install.ts'

const manifest = (apiVersion: string, kind: string) => ({ apiVersion, kind, metadata: { name: 'x' } })

describe('a workload', () => {
  it.each([
    ['keda.sh/v1alpha1', 'ScaledObject', true],
    ['keda.sh/v1alpha1', 'ScaledJob', true],
    ['autoscaling/v2', 'HorizontalPodAutoscaler', false],
    ['apps/v1', 'Deployment', false],
  ])('with an object of %s, %s, needs KEDA: %s', (apiVersion, kind, needs) => {
    expect(needsKeda([manifest('v1', 'Namespace'), manifest(apiVersion, kind)])).toBe(needs)
  })
})
