import { describe, expect, it } from 'vitest'
import { credentialFiles } from '../../../src/lab/control-plane/credentials.ts'
import { labPaths } from '../../../src/lab/machine/paths.ts'
import { createNewNodes } from '../../../src/lab/owner/new-nodes.ts'
import { createRoster } from '../../../src/lab/owner/roster.ts'

const launched = (name: string) => ({
  metadata: { name, labels: { 'karpenter.sh/nodepool': 'lab', 'topology.kubernetes.io/zone': 'zone-a' } },
  spec: { providerID: `kwok://${name}` },
})

/** Nothing may be started: what would do it fails the test. */
function bench() {
  const paths = labPaths('/tmp/md-new-nodes')
  const roster = createRoster({ nodes: 1, place: 0 }, () => {})
  const notes: string[] = []
  const nodes = createNewNodes({
    paths,
    kubelet: '/nowhere',
    crew: { add: () => expect.fail('a kubelet was started'), remove: () => expect.fail('a kubelet was stopped') },
    roster,
    credentials: { files: credentialFiles(paths), admit: () => expect.fail('a node was admitted') },
    network: { kind: 'preload', why: 'chosen' },
    note: (text) => notes.push(text),
  })
  return { nodes, roster, notes }
}

// What is started is real in test/lab/karpenter/karpenter.nodes.test.ts.
describe('a Node object without a machine', () => {
  it('gets none when the lab is full, and the log says so once', () => {
    const { nodes, roster, notes } = bench()
    for (const name of ['a', 'b', 'c', 'd']) roster.join({ name, zone: 'zone-a', pool: 'api' })
    expect([nodes.found(launched('e')), nodes.found(launched('e'))]).toEqual([false, false])
    expect(notes).toEqual(['node e gets no machine: the lab has all the nodes that it can have'])
  })

  it('gets none when its name is too long for the sockets of a kubelet', () => {
    const { nodes, roster, notes } = bench()
    expect(nodes.found(launched('n'.repeat(60)))).toBe(false)
    expect(notes).toEqual([
      expect.stringMatching(/^node n+ gets no machine: its name is \d+ bytes too long .*NodePool/),
    ])
    expect(roster.nodes).toHaveLength(1)
  })

  it('that is gone takes no machine away that others have', () => {
    const { nodes } = bench()
    expect(nodes.gone('zone-a-api')).toBe(false)
  })
})
