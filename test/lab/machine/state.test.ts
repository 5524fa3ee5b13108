import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseState } from '../../../src/lab/machine/state.ts'

const whole = {
  version: 1,
  root: '/tmp/lab',
  owner: { pid: 10, startTicks: 20 },
  phase: 'up',
  kubeconfig: '/tmp/lab/kubeconfig',
  nodes: [],
  components: [{ name: 'etcd', state: 'running', process: { pid: 11, startTicks: 21 }, restarts: 0 }],
}

describe('the state file', () => {
  it('is read as it was written', () => expect(parseState(JSON.stringify(whole))).toEqual(whole))

  it.each([
    ['half a file', JSON.stringify(whole).slice(0, 50)],
    ['another version', JSON.stringify({ ...whole, version: 2 })],
    ['an owner without a start time', JSON.stringify({ ...whole, owner: { pid: 10 } })],
    [
      'a component whose pid is a word',
      JSON.stringify({
        ...whole,
        components: [{ name: 'etcd', state: 'running', process: { pid: 'x', startTicks: 1 } }],
      }),
    ],
    ['no object', 'null'],
  ])('that is %s is ignored', (_, text) => expect(parseState(text)).toBeUndefined())

  it('never throws, whatever it holds', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseState(text)))
  })
})
