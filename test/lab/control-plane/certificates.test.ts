import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { createAuthority, type LeafRequest } from '../../../src/lab/control-plane/certificates.ts'

const server: LeafRequest = {
  commonName: 'thing',
  use: 'server',
  dnsNames: ['thing.lab'],
  addresses: ['127.0.0.1', '10.99.0.11'],
}

describe('certificates of the lab', () => {
  it('are signed by their authority, and by no other of the same name', async () => {
    const [authority, other] = await Promise.all([createAuthority('lab'), createAuthority('lab')])
    const leaf = new X509Certificate((await authority.issue(server)).certificate)
    const key = (pem: string) => new X509Certificate(pem).publicKey
    expect(leaf.verify(key(authority.certificate))).toBe(true)
    expect(leaf.verify(key(other.certificate))).toBe(false)
    expect(leaf.checkIP('10.99.0.11')).toBe('10.99.0.11')
    expect(leaf.checkHost('thing.lab')).toBe('thing.lab')
    expect(leaf.checkHost('other.lab')).toBeUndefined()
    expect(leaf.ca).toBe(false)
    expect(new X509Certificate(authority.certificate).ca).toBe(true)
  })

  it('are valid for weeks, from before now', async () => {
    const authority = new X509Certificate((await createAuthority('lab')).certificate)
    expect(Date.parse(authority.validFrom)).toBeLessThan(Date.now())
    expect(Date.parse(authority.validTo) - Date.now()).toBeGreaterThan(20 * 86_400_000)
  })

  it('let a server and a client authenticate each other over TLS', async () => {
    const authority = await createAuthority('lab')
    const [serving, client] = await Promise.all([
      authority.issue(server),
      authority.issue({ commonName: 'admin', organization: 'system:masters', use: 'client' }),
    ])
    const listener = createServer(
      { cert: serving.certificate, key: serving.key, ca: authority.certificate, requestCert: true },
      (socket) => {
        const peer = socket.getPeerCertificate()
        socket.end(`${socket.authorized} ${peer.subject.CN} ${peer.subject.O}`)
      },
    )
    await once(listener.listen(0, '127.0.0.1'), 'listening')
    const { port } = listener.address() as AddressInfo
    const socket = connect({
      port,
      host: '127.0.0.1',
      ca: authority.certificate,
      cert: client.certificate,
      key: client.key,
    })
    const [said] = await once(socket.setEncoding('utf8'), 'data')
    listener.close()
    expect(said).toBe('true admin system:masters')
  })
})
