import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type Credentials, writeCredentials } from '../../../src/lab/control-plane/credentials.ts'
import { type LabPaths, labPaths } from '../../../src/lab/machine/paths.ts'
import { labNode, labNodes } from '../../../src/lab/topology/node-table.ts'

let paths: LabPaths
let credentials: Credentials
beforeAll(async () => {
  paths = labPaths(mkdtempSync(join(tmpdir(), 'md-')))
  credentials = await writeCredentials(paths, labNodes(2), 'https://127.0.0.1:6443')
})
afterAll(() => rmSync(paths.root, { recursive: true, force: true }))

describe('credentials', () => {
  it('are readable only by their user', () => {
    const files = [paths.kubeconfig, ...readdirSync(paths.controlPlane).map((name) => join(paths.controlPlane, name))]
    expect(files.filter((file) => statSync(file).mode & 0o077)).toEqual([])
    expect(files.length).toBeGreaterThan(15)
  })

  it('give the user a kubeconfig with the context lab that verifies the server', () => {
    const config = parse(readFileSync(paths.kubeconfig, 'utf8'))
    expect(config['current-context']).toBe('lab')
    expect(config.contexts[0]).toEqual({ name: 'lab', context: { cluster: 'lab', user: 'admin' } })
    expect(config.clusters[0].cluster.server).toBe('https://127.0.0.1:6443')
    expect(config.clusters[0].cluster).not.toHaveProperty('insecure-skip-tls-verify')
    const authority = Buffer.from(config.clusters[0].cluster['certificate-authority-data'], 'base64').toString()
    expect(authority).toBe(credentials.authorityPem)
    expect(config.users[0].user.token).toBe(credentials.adminToken)
  })

  it('give every node its own identity, which the API server knows by token', () => {
    const tokens = readFileSync(credentials.files.tokens, 'utf8').trim().split('\n')
    const node = parse(readFileSync(credentials.files.kubeconfig('zone-b-api'), 'utf8'))
    expect(tokens).toContain(`${node.users[0].user.token},system:node:zone-b-api,system:node:zone-b-api,"system:nodes"`)
    expect(new Set(tokens.map((line) => line.split(',')[0])).size).toBe(tokens.length)
  })

  it('admit a node later by a certificate of the authority that the API server trusts', async () => {
    await credentials.admit(labNode(7, { name: 'lab-x7k2p', zone: 'zone-a', pool: 'api' }))
    const config = parse(readFileSync(credentials.files.kubeconfig('lab-x7k2p'), 'utf8'))
    const pem = Buffer.from(config.users[0].user['client-certificate-data'], 'base64')
    const certificate = new X509Certificate(pem)
    expect(certificate.subject.split('\n').sort()).toEqual(['CN=system:node:lab-x7k2p', 'O=system:nodes'])
    expect(certificate.checkIssued(new X509Certificate(credentials.authorityPem))).toBe(true)
    const serving = new X509Certificate(readFileSync(credentials.files.certificate('kubelet-7').certificate))
    expect(serving.checkIP('127.99.0.17')).toBe('127.99.0.17')
  })
})
