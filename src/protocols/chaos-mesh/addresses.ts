/** Peers outside the cluster: no selector finds them, so that their addresses stand in for one. */
import type { ChaosManifest } from '../../domain/rehearsal.ts'

/** In a chaos file: whose addresses of the target file replace `spec.target`, where the target file has them. */
export const ADDRESSES_ANNOTATION = 'matchday.dev/addresses'

/** The object's `spec` as it is on a cluster whose outside peers have these addresses, by name. */
export function atAddresses(
  { metadata, spec }: ChaosManifest,
  addresses: Readonly<Record<string, readonly string[]>>,
): ChaosManifest['spec'] {
  const name = metadata.annotations?.[ADDRESSES_ANNOTATION]
  const known = name !== undefined && Object.hasOwn(addresses, name) ? addresses[name] : undefined
  if (known === undefined) return spec
  const { target: _inside, externalTargets, ...rest } = spec
  return { ...rest, externalTargets: [...(Array.isArray(externalTargets) ? externalTargets : []), ...known] }
}
