import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createNetworkAgent, type NetworkAgent } from '../../../src/lab/chaos-daemon/network-agent.ts'
import type { NetworkRule } from '../../../src/lab/pod-network/rules.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { type AgentDouble, startAgentDouble } from './agent-double.ts'

const rule = (podUid: string): NetworkRule => ({
  podUid,
  direction: 'out',
  peers: ['10.0.0.1/32'],
  effect: { kind: 'partition' },
})
let folder: string
let socket: string
let double: AgentDouble
let agent: NetworkAgent
const answered: string[] = []

beforeEach(async () => {
  folder = tempFolder()
  socket = join(folder, 'agent.sock')
  double = await startAgentDouble(socket)
  answered.length = 0
  agent = createNetworkAgent(
    socket,
    () => {},
    (source) => answered.push(source),
  )
})
afterEach(() => double.close())

const standings = (...uids: string[]) => uids.map((uid) => agent.standing('ns/cut', uid).kind)
const cut = (...uids: string[]) => {
  for (const uid of uids) agent.want('ns/cut', uid, [rule(uid)])
  agent.flush('ns/cut')
}

describe('the client of the pod network agent', () => {
  it('sends all rules of an experiment at once, and reports the state of each pod', async () => {
    double.answer = (uid) =>
      ({ a: 'acknowledged', b: 'gone', c: { failed: 'no answer' }, d: { refused: 'not Node' } })[uid]
    cut('a', 'b', 'c', 'd')
    expect(standings('a')).toEqual(['waiting'])
    await vi.waitFor(() => expect(answered).toEqual(['ns/cut']))
    expect(standings('a', 'b', 'c', 'd')).toEqual(['acknowledged', 'gone', 'failed', 'refused'])
    expect(double.calls).toEqual(['GET /rules', 'PUT /rules/ns/cut'])
  })

  it('sends changes that arrived during a request, and reports the result of the last one', async () => {
    const gate = Promise.withResolvers<void>()
    double.before = () => gate.promise
    cut('a')
    await vi.waitFor(() => expect(double.calls).toHaveLength(2))
    agent.want('ns/cut', 'a', [])
    agent.flush('ns/cut')
    gate.resolve()
    await vi.waitFor(() => expect(answered).toEqual(['ns/cut']))
    expect(double.sources.size).toBe(0)
    expect(standings('a')).toEqual(['acknowledged'])
  })

  it('sends no rules that the agent has already', async () => {
    cut('a')
    await vi.waitFor(() => expect(answered).toHaveLength(1))
    agent.flush('ns/cut')
    agent.flush('ns/unheard-of')
    expect(double.calls).toHaveLength(2)
  })

  it('fails for every pod while the agent is down, and recovers with the next request', async () => {
    await double.close()
    cut('a')
    await vi.waitFor(() => expect(standings('a')).toEqual(['failed']))
    double = await startAgentDouble(socket)
    cut('a')
    await vi.waitFor(() => expect(standings('a')).toEqual(['acknowledged']))
  })

  it('keeps the rules of pods that an earlier process harmed when it changes one of them', async () => {
    double.sources.set('ns/cut', [rule('a'), rule('b')])
    agent.want('ns/cut', 'a', [])
    agent.flush('ns/cut')
    await vi.waitFor(() => expect(answered).toEqual(['ns/cut']))
    expect(double.sources.get('ns/cut')?.map(({ podUid }) => podUid)).toEqual(['b'])
  })

  it('removes rules that an earlier process left', async () => {
    double.sources.set('ns/old', [rule('a')])
    expect(await agent.adopt()).toEqual(['ns/old'])
    await agent.release('ns/old')
    expect(double.sources.size).toBe(0)
  })

  it('waits for the answer before it settles, and asks a pod again that did not acknowledge', async () => {
    double.answer = () => ({ failed: 'frozen' })
    agent.want('dnschaos:x', 'a', [rule('a')])
    await agent.settle('dnschaos:x')
    expect(agent.standing('dnschaos:x', 'a')).toEqual({ kind: 'failed', problem: 'frozen' })
    agent.wantNothing('dnschaos:x')
    await agent.settle('dnschaos:x')
    expect(agent.standing('dnschaos:x', 'a').kind).toBe('failed')
    double.answer = () => 'acknowledged'
    agent.wantNothing('dnschaos:x')
    await agent.settle('dnschaos:x')
    expect(agent.standing('dnschaos:x', 'a').kind).toBe('acknowledged')
    const calls = double.calls.length
    agent.wantNothing('dnschaos:x')
    await agent.settle('dnschaos:x')
    expect(double.calls).toHaveLength(calls)
  })

  it('sends no request when there is nothing to remove', async () => {
    await agent.release('ns/never')
    expect(double.calls).toEqual(['GET /rules'])
  })
})
