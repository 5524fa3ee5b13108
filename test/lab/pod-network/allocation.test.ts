import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { openAllocation } from '../../../src/lab/pod-network/allocation.ts'
import { clusterAddress, clusterPort, machineAddress, machinePort } from '../../../src/lab/topology/addresses.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const sandbox = (id: string, nodeIndex = 1) => ({
  id,
  node: 'n',
  nodeIndex,
  namespace: 'ns',
  name: id,
  uid: id,
  labels: {},
  ports: [],
})

describe('addresses of sandboxes', () => {
  let folder: string
  beforeEach(() => {
    folder = tempFolder()
  })

  it('are kept through a restart, and are not reused at once', () => {
    const first = openAllocation(folder)
    expect(first.allocate(sandbox('a')).ip).toBe('10.244.1.2')
    expect(first.allocate(sandbox('b')).ip).toBe('10.244.1.3')
    const second = openAllocation(folder)
    expect(second.allocate(sandbox('b')).ip).toBe('10.244.1.3')
    second.release('b')
    expect(second.allocate(sandbox('c')).ip).toBe('10.244.1.4')
    expect(second.allocate(sandbox('d', 2)).ip).toBe('10.244.2.2')
  })

  it('run out after 253 of a node with a clear error, and become available again on release', () => {
    const allocation = openAllocation(folder)
    const given = Array.from({ length: 253 }, (_, at) => allocation.allocate(sandbox(`s${at}`)).ip)
    expect(new Set(given).size).toBe(253)
    expect(() => allocation.allocate(sandbox('more'))).toThrow('node 1 has no free pod address')
    allocation.release('s7')
    expect(allocation.allocate(sandbox('more')).ip).toBe(given[7])
  })

  it('say which file is damaged', () => {
    writeFileSync(join(folder, 'addresses.json'), '{"sandboxes": [')
    expect(() => openAllocation(folder)).toThrow(/addresses\.json is damaged/)
  })
})

describe('the mapping to the machine', () => {
  it.each([
    ['10.244.1.9', '127.244.1.9'],
    ['10.99.0.11', '127.99.0.11'],
  ])('of %s is %s and back', (cluster, machine) => {
    expect([machineAddress(cluster), clusterAddress(machine)]).toEqual([machine, cluster])
  })

  it.each(['10.96.0.1', '127.0.0.1', '192.0.2.1'])('does not map %s', (ip) => {
    expect([machineAddress(ip), clusterAddress(ip)]).toEqual([ip, ip])
  })

  it('shifts exactly the ports that only root may bind', () => {
    expect([0, 80, 1023, 1024, 8080].map(machinePort)).toEqual([0, 61_080, 62_023, 1024, 8080])
    expect([0, 80, 1023, 1024, 8080].map((port) => clusterPort(machinePort(port)))).toEqual([0, 80, 1023, 1024, 8080])
  })
})
