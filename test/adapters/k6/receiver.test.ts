import { afterEach, describe, expect, it } from 'vitest'
import { type Receiver, startReceiver } from '../../../src/adapters/k6/receiver.ts'

let open: Receiver | undefined
afterEach(() => open?.close())

const start = async () => {
  const writes: string[] = []
  open = await startReceiver((instance) => writes.push(instance))
  const post = (url: string, body: Uint8Array<ArrayBuffer>) =>
    fetch(url, { method: 'POST', body }).then(({ status }) => status)
  return { writes, post, pushes: open }
}

/** An empty WriteRequest: a snappy block of no bytes. */
const NOTHING = new Uint8Array([0])

describe('the receiver', () => {
  it('accepts pushes only at its own address, and tells instances apart', async () => {
    const { writes, post, pushes } = await start()
    expect(await post(pushes.urlOf('k6'), NOTHING)).toBe(204)
    expect(await post(pushes.urlOf('k6/2'), NOTHING)).toBe(204)
    expect(await post(pushes.urlOf('k6').replace(/[^/]+\/k6$/, 'guess/k6'), NOTHING)).toBe(404)
    expect((await fetch(pushes.urlOf('k6'))).status).toBe(404)
    expect(writes).toEqual(['k6', 'k6/2'])
    expect(pushes.problems).toEqual([])
  })

  it('refuses a push that it cannot read, records why, and continues', async () => {
    const { writes, post, pushes } = await start()
    expect(await post(pushes.urlOf('k6'), new Uint8Array([5, 1, 2]))).toBe(400)
    expect(await post(pushes.urlOf('k6'), new Uint8Array(17 * 1024 * 1024))).toBe(400)
    expect(await post(pushes.urlOf('k6'), NOTHING)).toBe(204)
    expect(writes).toEqual(['k6'])
    expect(pushes.problems).toEqual([
      expect.stringContaining('not a snappy block'),
      expect.stringContaining('longer than'),
    ])
  })
})
