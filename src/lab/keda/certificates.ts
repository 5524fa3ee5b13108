import { createAuthority } from '../control-plane/certificates.ts'
import type { Manifest } from '../workload/render.ts'

/** The host names that KEDA's programs use for each other, and the API server for the metrics API. */
const NAMES = ['keda-operator.keda.svc', 'keda-metrics-apiserver.keda.svc'].flatMap((name) => [
  name,
  `${name}.cluster.local`,
])

export type KedaCertificates = { readonly secret: Manifest; readonly authority: string }

/** Elsewhere KEDA makes and rotates its own certificates. Here both programs share one, as client and as server. */
export async function makeCertificates(): Promise<KedaCertificates> {
  const authority = await createAuthority('keda')
  const leaf = await authority.issue({ commonName: 'keda', use: 'peer', dnsNames: NAMES })
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'kedaorg-certs', namespace: 'keda' },
    stringData: { 'ca.crt': authority.certificate, 'tls.crt': leaf.certificate, 'tls.key': leaf.key },
  }
  return { secret, authority: authority.certificate }
}
