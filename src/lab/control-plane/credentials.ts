// Credentials: certificate authorities, tokens, the service account key, and a kubeconfig for each program. They are made new for each lab.
// A kubeconfig contains the authority, so that kubectl and every client verify the server.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LabPaths } from '../machine/paths.ts'
import { API_IP } from '../topology/addresses.ts'
import { LAB_CONTEXT, METRICS_API_HOST } from '../topology/names.ts'
import type { LabNode } from '../topology/node-table.ts'
import { type Authority, createAuthority, type LeafRequest } from './certificates.ts'

/** The files that `writeCredentials` writes, all below the control plane's folder. */
export type CredentialFiles = {
  readonly authority: string
  readonly frontProxyAuthority: string
  readonly tokens: string
  readonly serviceAccountKey: string
  readonly serviceAccountPublicKey: string
  certificate(name: CertificateName): { readonly certificate: string; readonly key: string }
  kubeconfig(user: string): string
}

export type CertificateName =
  | 'api-server'
  | 'kubelet-client'
  | 'front-proxy-client'
  | 'metrics-api'
  | `kubelet-${number}`

export type Credentials = {
  readonly adminToken: string
  readonly authorityPem: string
  readonly files: CredentialFiles
  /** Writes what the kubelet of a node that joins later needs: it shows a certificate, because tokens are read only when the API server starts. */
  admit(node: LabNode): Promise<void>
}

type User = { readonly name: string; readonly groups: readonly string[]; readonly token: string }

export function credentialFiles(paths: LabPaths): CredentialFiles {
  const at = (name: string) => join(paths.controlPlane, name)
  return {
    authority: at('ca.crt'),
    frontProxyAuthority: at('front-proxy-ca.crt'),
    tokens: at('tokens.csv'),
    serviceAccountKey: at('service-account.key'),
    serviceAccountPublicKey: at('service-account.pub'),
    certificate: (name) => ({ certificate: at(`${name}.crt`), key: at(`${name}.key`) }),
    kubeconfig: (user) => (user === 'admin' ? paths.kubeconfig : at(`${user}.kubeconfig`)),
  }
}

/** Makes and writes all credentials. `apiServerUrl` is where the API server will listen. */
export async function writeCredentials(
  paths: LabPaths,
  nodes: readonly LabNode[],
  apiServerUrl: string,
): Promise<Credentials> {
  mkdirSync(paths.controlPlane, { recursive: true, mode: 0o700 })
  const files = credentialFiles(paths)
  const cluster = await writeCertificates(files, nodes)
  const authorityPem = cluster.certificate
  writeServiceAccountKey(files)
  const users = makeUsers(nodes)
  writeSecret(files.tokens, users.map(tokenLine).join(''))
  for (const user of users) {
    writeSecret(
      files.kubeconfig(fileNameOf(user)),
      kubeconfig(apiServerUrl, authorityPem, user.name, `token: ${user.token}`),
    )
  }
  const admin = users.find((user) => user.name === 'admin')
  if (!admin) throw new Error('the administrator is always among the users')
  const admit = (node: LabNode) => writeNode(files, cluster, node, apiServerUrl)
  return { adminToken: admin.token, authorityPem, files, admit }
}

async function writeNode(files: CredentialFiles, cluster: Authority, node: LabNode, apiServerUrl: string) {
  const user = `system:node:${node.name}`
  const pair = await cluster.issue({ commonName: user, organization: 'system:nodes', use: 'client' })
  const identity = `client-certificate-data: ${inBase64(pair.certificate)}, client-key-data: ${inBase64(pair.key)}`
  writeSecret(files.kubeconfig(node.name), kubeconfig(apiServerUrl, cluster.certificate, user, identity))
  await writeLeaf(files, cluster, `kubelet-${node.index}`, kubeletCertificate(node))
}

const inBase64 = (pem: string): string => Buffer.from(pem).toString('base64')

async function writeCertificates(files: CredentialFiles, nodes: readonly LabNode[]): Promise<Authority> {
  const [cluster, frontProxy] = await Promise.all([createAuthority('lab'), createAuthority('lab front proxy')])
  writeSecret(files.authority, cluster.certificate)
  writeSecret(files.frontProxyAuthority, frontProxy.certificate)
  await Promise.all([
    writeLeaf(files, cluster, 'api-server', API_SERVER),
    writeLeaf(files, cluster, 'kubelet-client', {
      commonName: 'kube-apiserver-kubelet-client',
      organization: 'system:masters',
      use: 'client',
    }),
    writeLeaf(files, frontProxy, 'front-proxy-client', { commonName: 'front-proxy-client', use: 'client' }),
    writeLeaf(files, cluster, 'metrics-api', {
      commonName: METRICS_API_HOST,
      use: 'server',
      dnsNames: [METRICS_API_HOST, 'localhost'],
      addresses: ['127.0.0.1'],
    }),
    ...nodes.map((node) => writeLeaf(files, cluster, `kubelet-${node.index}`, kubeletCertificate(node))),
  ])
  return cluster
}

const API_SERVER: LeafRequest = {
  commonName: 'kube-apiserver',
  use: 'server',
  dnsNames: [
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ],
  addresses: ['127.0.0.1', '10.96.0.1', API_IP],
}

const kubeletCertificate = (node: LabNode): LeafRequest => ({
  commonName: `system:node:${node.name}`,
  organization: 'system:nodes',
  use: 'server',
  dnsNames: [node.name],
  addresses: [node.address, node.loopback],
})

async function writeLeaf(files: CredentialFiles, authority: Authority, name: CertificateName, request: LeafRequest) {
  const pair = await authority.issue(request)
  const at = files.certificate(name)
  writeSecret(at.certificate, pair.certificate)
  writeSecret(at.key, pair.key)
}

function writeServiceAccountKey(files: CredentialFiles): void {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeSecret(files.serviceAccountKey, pair.privateKey.export({ type: 'sec1', format: 'pem' }).toString())
  writeSecret(files.serviceAccountPublicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }).toString())
}

function makeUsers(nodes: readonly LabNode[]): User[] {
  const user = (name: string, ...groups: string[]): User => ({ name, groups, token: randomBytes(24).toString('hex') })
  return [
    user('admin', 'system:masters'),
    // One process runs all controllers under this identity, so it needs the sum of their rights.
    user('system:kube-controller-manager', 'system:masters'),
    // The scheduler's own role is written a second after the API server starts to serve. A refused scheduler would retry only much later.
    user('system:kube-scheduler', 'system:masters'),
    ...nodes.map((node) => user(`system:node:${node.name}`, 'system:nodes')),
  ]
}

/** The kubeconfig of `system:node:zone-a-api` is `zone-a-api.kubeconfig`. */
const fileNameOf = (user: User): string => user.name.replace(/^system:(node:)?/, '')

const tokenLine = (user: User): string =>
  `${user.token},${user.name},${user.name}${user.groups.length > 0 ? `,"${user.groups.join(',')}"` : ''}\n`

/** `identity`: how the user proves who it is, as fields of the kubeconfig. */
function kubeconfig(server: string, authorityPem: string, user: string, identity: string): string {
  const authority = inBase64(authorityPem)
  return `apiVersion: v1
kind: Config
clusters:
  - name: ${LAB_CONTEXT}
    cluster: {server: "${server}", certificate-authority-data: ${authority}}
users:
  - name: ${user}
    user: {${identity}}
contexts:
  - name: ${LAB_CONTEXT}
    context: {cluster: ${LAB_CONTEXT}, user: "${user}"}
current-context: ${LAB_CONTEXT}
`
}

const writeSecret = (path: string, content: string): void => writeFileSync(path, content, { mode: 0o600 })
