// The agent as a process: its control socket, its memory on disk, and what pods do while it is dead. There is no API server here.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { writeState } from '../../../src/lab/machine/state-file.ts'
import type { SandboxNetwork } from '../../../src/lab/pod-network/network-plugin.ts'
import { type AgentProcess, control, startAgentProcess } from './agent-process.ts'
import { identityOf } from './sandbox-identity.ts'
import { startApp, within } from './small-cluster.ts'

const NODE_INDEX = 220
const identity = (name: string) => identityOf(NODE_INDEX, name)

describe('the agent', () => {
  const root = mkdtempSync(join(tmpdir(), 'md-agent-'))
  let agent: AgentProcess
  let one: SandboxNetwork
  let two: SandboxNetwork
  let client: ReturnType<typeof startApp>
  let server: ReturnType<typeof startApp>
  const cut = (direction = 'both') => ({
    rules: [{ podUid: 'uid-one', direction, peers: [two.ip], effect: { kind: 'partition' } }],
  })

  beforeAll(async () => {
    agent = await startAgentProcess(root, join(root, 'no-such-kubeconfig'))
    one = await agent.add(identity('one'))
    two = await agent.add(identity('two'))
    client = startApp(process.execPath, one.env)
    server = startApp(process.execPath, two.env)
    await server.run('serve', { kind: 'echo', port: 7000 })
    await client.run('open', { name: 'flow', kind: 'tcp', host: two.ip, port: 7000 })
  }, 20_000)

  afterAll(async () => {
    client?.child.kill('SIGKILL')
    server?.child.kill('SIGKILL')
    await agent?.kill('SIGTERM')
    rmSync(root, { recursive: true, force: true })
  })

  const echo = (waitMs: number) => within(waitMs, client.run('echo', { name: 'flow' }))
  const isSilent = async () => expect(await echo(150)).toBe('silent')
  // A process that has just found the agent again, or a busy machine, may take its time.
  const answers = async () => expect(await echo(5_000)).toMatchObject({ said: 'ping' })

  it('starts without a kubeconfig and gives each sandbox an address of its node, the same for the same id', async () => {
    expect(one.ip).toMatch(new RegExp(`^10\\.244\\.${NODE_INDEX}\\.`))
    expect(one.nativeAddress).toBe(one.ip.replace('10.244', '127.245'))
    expect((await agent.add(identity('one'))).ip).toBe(one.ip)
    expect(two.ip).not.toBe(one.ip)
  })

  it('tells the peers of a pod before it starts', async () => {
    const { ip } = await agent.add(identity('new'))
    const { table } = JSON.parse(readFileSync(join(root, 'net', 'cluster.json'), 'utf8'))
    expect(table.pods).toHaveProperty([ip])
  })

  it('lets only its own user set rules, and pods of every user listen', () => {
    const mode = (name: string) => (statSync(join(root, 'net', name)).mode & 0o777).toString(8)
    expect([mode('agent.sock'), mode('pods.sock'), mode('preload.cjs'), mode('cluster.json')]).toEqual([
      '600',
      '666',
      '644',
      '644',
    ])
  })

  it('acknowledges a rule when the processes at both ends apply it, lists it, and removes it', async () => {
    const put = await control(root, 'PUT', '/rules/casino/psp-down', cut())
    expect(put).toEqual({ status: 200, body: { pods: { 'uid-one': 'acknowledged', 'uid-two': 'acknowledged' } } })
    await isSilent()
    const held = await control(root, 'GET', '/rules')
    expect(held.body.sources).toEqual({ 'casino/psp-down': [{ ...cut().rules[0], peers: [`${two.ip}/32`] }] })
    expect(held.body.pods).toEqual({ 'uid-one': 2, 'uid-two': 2 })
    expect((await control(root, 'DELETE', '/rules/casino/psp-down')).status).toBe(200)
    await client.run('wait', { ms: 20 })
    await answers()
    expect((await control(root, 'GET', '/rules')).body).toEqual({ sources: {}, pods: {} })
  })

  it('reports a missing pod as gone, and affects no other pod', async () => {
    const rules = [{ podUid: 'uid-nobody', direction: 'out', peers: 'any', effect: { kind: 'partition' } }]
    const { body } = await control(root, 'PUT', '/rules/casino/x', { rules })
    expect(body.pods).toEqual({ 'uid-nobody': 'gone' })
    await answers()
    await control(root, 'DELETE', '/rules/casino/x')
  })

  it('names the process that does not acknowledge', async () => {
    server.child.kill('SIGSTOP')
    const { body } = await control(root, 'PUT', '/rules/casino/x', cut())
    server.child.kill('SIGCONT')
    expect(body.pods).toEqual({
      'uid-one': 'acknowledged',
      'uid-two': { failed: `process ${server.child.pid} did not acknowledge within 5000 ms` },
    })
    expect((await control(root, 'DELETE', '/rules/casino/x')).body.pods).toEqual({
      'uid-one': 'acknowledged',
      'uid-two': 'acknowledged',
    })
  }, 15_000)

  it.each([
    ['no JSON', 'PUT', '/rules/casino/x', '{', 400],
    ['no rules', 'PUT', '/rules/casino/x', {}, 400],
    [
      'an unknown effect',
      'PUT',
      '/rules/casino/x',
      { rules: [{ podUid: 'u', direction: 'in', peers: 'any', effect: { kind: 'loss' } }] },
      400,
    ],
    ['a source that is a path', 'PUT', '/rules/..%2f..%2fetc/x/y', { rules: [] }, 400],
    ['another path', 'GET', '/nothing', undefined, 404],
    ['another method', 'POST', '/rules/casino/x', {}, 405],
  ])('refuses %s with a reason', async (_, method, path, body, status) => {
    const answer = await control(root, method, path, body)
    expect(answer.status).toBe(status)
    expect(answer.body.problems).toHaveLength(1)
  })

  it('keeps addresses and rules through its own kill -9, and pods keep applying them', async () => {
    await control(root, 'PUT', '/rules/casino/cut', cut())
    await agent.kill('SIGKILL')
    await isSilent()
    agent = await startAgentProcess(root, join(root, 'no-such-kubeconfig'))
    expect((await agent.add(identity('two'))).ip).toBe(two.ip)
    expect((await control(root, 'GET', '/rules')).body.sources).toHaveProperty(['casino/cut'])
    expect((await control(root, 'DELETE', '/rules/casino/cut')).body.pods).toEqual({
      'uid-one': 'acknowledged',
      'uid-two': 'acknowledged',
    })
    await client.run('wait', { ms: 20 })
    await answers()
  }, 15_000)

  it('lets a process that starts while the agent is down read its rules from disk', async () => {
    await control(root, 'PUT', '/rules/casino/cut', cut())
    await agent.kill('SIGKILL')
    const late = startApp(process.execPath, one.env)
    const opening = late.run('open', { name: 'late', kind: 'tcp', host: two.ip, port: 7000 })
    expect(await within(600, opening)).toBe('silent')
    agent = await startAgentProcess(root, join(root, 'no-such-kubeconfig'))
    await control(root, 'DELETE', '/rules/casino/cut')
    expect(await within(5_000, opening)).toMatchObject({ remote: [two.ip, 7000] })
    late.child.kill('SIGKILL')
  }, 20_000)

  it('lets a process read its rule file before each flow while the agent is down', async () => {
    await agent.kill('SIGKILL')
    const lonely = startApp(process.execPath, one.env)
    await lonely.run('open', { name: 'first', kind: 'tcp', host: two.ip, port: 7000 })
    const path = join(root, 'net', 'pods', 'uid-one.json')
    const file = JSON.parse(readFileSync(path, 'utf8'))
    const rule = { source: 'casino/x', direction: 'out', peers: 'any', effect: { kind: 'partition' } }
    // Newer than what the process read, older than whatever the next agent says.
    writeState(path, { ...file, version: file.version + 0.5, rules: [rule] }, 0o644)
    expect(await within(150, lonely.run('open', { name: 'second', kind: 'tcp', host: two.ip, port: 7000 }))).toBe(
      'silent',
    )
    lonely.child.kill('SIGKILL')
    agent = await startAgentProcess(root, join(root, 'no-such-kubeconfig'))
    await control(root, 'DELETE', '/rules/casino/x')
    await client.run('wait', { ms: 50 })
    await answers()
  }, 15_000)

  it('keeps a node without power silent, also for dead pods and through its own kill -9, and no audit reverts that', async () => {
    const dark = { name: 'dark', index: NODE_INDEX - 1 }
    const there = await agent.add({ ...identity('there'), nodeIndex: dark.index })
    const peer = startApp(process.execPath, there.env)
    await peer.run('serve', { kind: 'echo', port: 7000 })
    await client.run('open', { name: 'there', kind: 'tcp', host: there.ip, port: 7000 })
    await agent.setSilent(dark, true)
    peer.child.kill('SIGKILL')
    expect(await within(500, client.run('echo', { name: 'there' }))).toBe('silent')
    const dialled = client.run('open', { name: 'more', kind: 'tcp', host: there.ip, port: 7000 }).catch(String)
    expect(await within(500, dialled)).toBe('silent')
    expect((await control(root, 'GET', '/rules')).body.sources).toEqual({})

    await agent.kill('SIGKILL')
    agent = await startAgentProcess(root, join(root, 'no-such-kubeconfig'))
    expect(await within(1_500, dialled)).toBe('silent')
    await agent.del('sandbox-uid-there')
    await agent.setSilent(dark, false)
    // What a machine answers that is back and knows nothing of the connection.
    await vi.waitFor(async () => expect(await client.run('ends', { name: 'there' })).toContain('close'), 10_000)
    await answers()
  }, 20_000)

  it('refuses to run twice on one lab', async () => {
    await expect(startAgentProcess(root, 'none')).rejects.toThrow('ended')
  })

  it('applies a rule to a pod that starts during it, and drops a deleted pod', async () => {
    const rules = [{ podUid: 'uid-one', direction: 'both', peers: ['10.244.0.0/16'], effect: { kind: 'partition' } }]
    await control(root, 'PUT', '/rules/casino/wide', { rules })
    await agent.add(identity('three'))
    const file = join(root, 'net', 'pods', 'uid-three.json')
    expect(JSON.parse(readFileSync(file, 'utf8')).rules).toHaveLength(2)
    await agent.del('sandbox-uid-three')
    expect(() => readFileSync(file)).toThrow('ENOENT')
    await control(root, 'DELETE', '/rules/casino/wide')
  })
})
