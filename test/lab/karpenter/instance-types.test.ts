import { describe, expect, it } from 'vitest'
import { instanceTypes } from '../../../src/lab/karpenter/instance-types.ts'
import { NODE_CPUS, NODE_MEMORY_GIB, NODE_PODS_MAX } from '../../../src/lab/nodes/kubelet.ts'
import { labNodes } from '../../../src/lab/topology/node-table.ts'

describe('what Karpenter can launch in a lab', () => {
  const [type, ...others] = JSON.parse(instanceTypes('arm64'))

  it('is one kind of node, of the size that a kubelet of the lab reports', () => {
    expect(others).toEqual([])
    expect(type.architecture).toBe('arm64')
    const size = { cpu: `${NODE_CPUS}`, memory: `${NODE_MEMORY_GIB}Gi`, pods: `${NODE_PODS_MAX}` }
    expect(type.resources).toEqual(size)
    expect(JSON.parse(instanceTypes('x64'))[0].architecture).toBe('amd64')
  })

  it('is offered in every zone of the lab, at one price', () => {
    const zones = type.offerings.map(({ Requirements }: { Requirements: { key: string; values: string[] }[] }) =>
      Requirements.find(({ key }) => key === 'topology.kubernetes.io/zone')?.values.join(),
    )
    expect(new Set(zones)).toEqual(new Set(labNodes().map(({ zone }) => zone)))
    expect(new Set(type.offerings.map(({ Price }: { Price: number }) => Price)).size).toBe(1)
  })
})
