// The lab's certificates, made in this process because a fresh machine may have no openssl. All keys are ECDSA P-256: each RSA key would
// take a tenth of a second or more. Certificates last 30 days, longer than any lab. Keys never leave the control plane's folder (mode
// 0700).
import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

export type PemPair = { readonly certificate: string; readonly key: string }

/** What a certificate contains: subject, use, and the names and addresses it is valid for. */
export type LeafRequest = {
  readonly commonName: string
  readonly organization?: string
  /** `peer`: both server and client, for members that talk to each other. */
  readonly use: 'server' | 'client' | 'peer'
  readonly dnsNames?: readonly string[]
  readonly addresses?: readonly string[]
}

export type Authority = { readonly certificate: string; issue(request: LeafRequest): Promise<PemPair> }

const KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SIGNING = { ...KEY, hash: 'SHA-256' } as const
const DAY_MS = 86_400_000
const { serverAuth, clientAuth } = x509.ExtendedKeyUsage
const EXTENDED_USE = { server: [serverAuth], client: [clientAuth], peer: [serverAuth, clientAuth] }

/** A self-signed authority that can sign leaf certificates. */
export async function createAuthority(commonName: string): Promise<Authority> {
  const keys = await generateKeys()
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...terms(),
    name: [{ CN: [commonName] }],
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return {
    certificate: root.toString('pem'),
    issue: (request) => issueLeaf(root, keys.privateKey, request),
  }
}

async function issueLeaf(
  root: x509.X509Certificate,
  signingKey: webcrypto.CryptoKey,
  request: LeafRequest,
): Promise<PemPair> {
  const keys = await generateKeys()
  const leaf = await x509.X509CertificateGenerator.create({
    ...terms(),
    issuer: root.subject,
    subject: [{ CN: [request.commonName] }, ...(request.organization ? [{ O: [request.organization] }] : [])],
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(EXTENDED_USE[request.use]),
      await x509.AuthorityKeyIdentifierExtension.create(root),
      ...alternativeNames(request),
    ],
  })
  return { certificate: leaf.toString('pem'), key: await privateKeyPem(keys.privateKey) }
}

function alternativeNames(request: LeafRequest): x509.Extension[] {
  const names = [
    ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(request.addresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ]
  return names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]
}

const generateKeys = () => webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify'])

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')
}

/** Valid for 30 days, from a minute ago, because the programs do not read the clock at the same time. */
function terms() {
  const now = Date.now()
  return {
    // 16 random bytes, the first below 0x80: a serial number is a positive integer (RFC 5280, 4.1.2.2).
    serialNumber: `4d${randomBytes(15).toString('hex')}`,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + 30 * DAY_MS),
    signingAlgorithm: SIGNING,
  }
}
