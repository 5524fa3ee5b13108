import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askOwner } from '../../../src/lab/owner/client.ts'
import { type Controls, serveControls } from '../../../src/lab/owner/control-socket.ts'
import { tempFolder } from '../../support/temp-folder.ts'

let folder = ''
let socket = ''
let done: string[] = []
let server: { close(): void } | undefined
const controls: Controls = {
  status: () => ({ phase: 'up' }),
  node: async (name, action) => {
    if (name !== 'zone-a-api') throw new RangeError(`the lab has no node ${name}`)
    done.push(`${action} ${name}`)
  },
  component: async (name, action) => void done.push(`${action} ${name}`),
  stop: () => void done.push('stop'),
}
beforeEach(async () => {
  folder = tempFolder()
  socket = join(folder, 'owner.sock')
  done = []
  server = await serveControls(socket, controls)
})
afterEach(() => server?.close())

describe('the control socket', () => {
  it('answers and performs requests', async () => {
    expect(await askOwner(socket, 'GET', '/status')).toEqual({ phase: 'up' })
    await askOwner(socket, 'POST', '/nodes/zone-a-api/kubelet', { action: 'kill' })
    await askOwner(socket, 'POST', '/components/chaos-daemon', { action: 'restart' })
    await askOwner(socket, 'POST', '/stop')
    expect(done).toEqual(['kill zone-a-api', 'restart chaos-daemon', 'stop'])
  })

  it('is accessible to its user only', () => expect(statSync(socket).mode & 0o077).toBe(0))

  it.each([
    ['an unknown path', '/nothing', {}, 'not found'],
    ['an unknown node', '/nodes/zone-z/kubelet', { action: 'kill' }, 'no node zone-z'],
    ['an unknown action', '/components/etcd', { action: 'explode' }, 'got \\"explode\\"'],
    ['no action', '/components/etcd', {}, 'action must be one of'],
    ['a long request', '/components/etcd', { action: 'x'.repeat(10_000) }, 'too long'],
  ])('refuses %s with a reason, and does nothing', async (_, path, body, reason) => {
    await expect(askOwner(socket, 'POST', path, body)).rejects.toThrow(reason)
    expect(done).toEqual([])
  })

  it('without a server gives a clear error', async () => {
    await expect(askOwner(join(folder, 'other.sock'), 'GET', '/status')).rejects.toMatchObject({
      code: 'lab-unreachable',
    })
  })
})
