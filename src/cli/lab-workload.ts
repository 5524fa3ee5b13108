/** What a lab is booted with: a workload's images and manifests, or manifests given by hand (`lab up -f`). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { namespacesOf } from '../lab/workload/deploy.ts'
import { type Manifest, renderManifests } from '../lab/workload/render.ts'

const STDIN = '-'

/** Renders the manifests of a folder or file, or of standard input for `-`. Namespaces that they use and do not define are added. */
export async function renderedManifests(
  kubectl: string,
  place: string,
  overlays: readonly string[],
): Promise<readonly Manifest[]> {
  if (place !== STDIN) return withNamespaces(await renderManifests(kubectl, place, overlays))
  const folder = mkdtempSync(join(tmpdir(), 'matchday-manifests-'))
  try {
    const file = join(folder, 'standard-input.yaml')
    writeFileSync(file, await text(process.stdin))
    return withNamespaces(await renderManifests(kubectl, file, overlays))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

// Every cluster has these.
const GIVEN = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

function withNamespaces(manifests: readonly Manifest[]): readonly Manifest[] {
  const defined = manifests.flatMap(({ kind, metadata }) => (kind === 'Namespace' ? [metadata.name] : []))
  const missing = namespacesOf(manifests).filter((each) => !defined.includes(each) && !GIVEN.includes(each))
  return [...missing.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })), ...manifests]
}
