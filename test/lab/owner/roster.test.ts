import { describe, expect, it } from 'vitest'
import { createRoster } from '../../../src/lab/owner/roster.ts'

const identity = (name: string) => ({ name, zone: 'zone-b', pool: 'api' })

describe('the roster of a lab', () => {
  it('has the nodes that it booted with, and gives those that join the free numbers of its place', () => {
    let changes = 0
    const roster = createRoster({ nodes: 6, place: 1 }, () => changes++)
    expect(roster.nodes).toHaveLength(6)
    expect(roster.join(identity('lab-a'))).toMatchObject({
      index: 17,
      address: '10.99.0.27',
      podCidr: '10.244.17.0/24',
    })
    expect(roster.join(identity('lab-b'))).toMatchObject({ index: 18, zone: 'zone-b', pool: 'api' })
    expect(roster.nodes.map(({ name }) => name).slice(6)).toEqual(['lab-a', 'lab-b'])
    expect(changes).toBe(2)
  })

  it('has room for four, and for another one when one left', () => {
    const roster = createRoster({ nodes: 2, place: 0 }, () => {})
    const joined = ['a', 'b', 'c', 'd', 'e'].map((name) => roster.join(identity(name))?.index)
    expect(joined).toEqual([7, 8, 9, 10, undefined])
    roster.leave('b')
    expect(roster.join(identity('f'))?.index).toBe(8)
  })

  it('keeps its nodes when one leaves that it does not have', () => {
    const roster = createRoster({ nodes: 2, place: 0 }, () => expect.fail('nothing changed'))
    roster.leave('nobody')
    expect(roster.nodes).toHaveLength(2)
  })
})
