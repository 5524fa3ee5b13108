import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Claim, claimHolder, claimPlace } from '../../../src/lab/owner/claim.ts'

// Not an address of a lab, because a developer's lab may be up while these tests run.
const address = { host: '127.99.7.1', port: 17_099 }
const claims: Claim[] = []
const claim = async (root: string) => {
  const made = await claimPlace(root, address)
  claims.push(made)
  return made
}
afterEach(() => {
  for (const made of claims.splice(0)) made.release()
})

describe('the claim on a place', () => {
  it('is refused to a second lab, with the owner and how to stop it', async () => {
    await claim('/tmp/one')
    const refused = await claim('/tmp/two').catch((error) => error)
    expect(refused).toMatchObject({ name: 'LabError', code: 'lab-already-up' })
    expect(refused.problem).toContain(`process ${process.pid}, folder /tmp/one`)
    expect(refused.next).toContain('MATCHDAY_LAB_DIR=/tmp/one')
    expect(refused.next).toContain('lab down')
  })

  it('shows who holds it, and is free after release', async () => {
    expect(await claimHolder(address)).toBeUndefined()
    const first = await claim('/tmp/one')
    expect(await claimHolder(address)).toMatchObject({ root: '/tmp/one', pid: process.pid })
    first.release()
    await expect(claim('/tmp/two')).resolves.toBeDefined()
  })

  it('names another program that listens there', async () => {
    const stranger = createServer((socket) => socket.end('not http'))
    await new Promise<void>((resolve) => stranger.listen(address.port, address.host, resolve))
    try {
      await expect(claim('/tmp/one')).rejects.toMatchObject({ code: 'lab-address-taken' })
    } finally {
      stranger.close()
    }
  })
})
