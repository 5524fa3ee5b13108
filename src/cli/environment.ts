/** With which programs, on which cluster and from which files something was performed: the head of its evidence. */
import { availableParallelism } from 'node:os'
import type { ClusterIdentity } from '../controller/ports.ts'
import type { Environment } from '../domain/evidence.ts'
import { auditOf } from './audit.ts'
import type { Inputs } from './inputs.ts'
import { VERSION } from './package.ts'

/** `k6` is its version. Load against a URL has no cluster. */
export const environmentOf = (
  inputs: Inputs,
  k6: string,
  seed: number,
  cluster: ClusterIdentity | undefined,
): Environment => ({
  matchday: VERSION,
  node: process.version,
  k6,
  kubernetes: cluster?.kubernetes ?? 'none',
  clusterUid: cluster?.uid ?? '',
  ...(cluster?.podNetwork === undefined ? {} : { podNetwork: cluster.podNetwork }),
  cores: availableParallelism(),
  seed,
  command: `matchday ${process.argv.slice(2).join(' ')}`,
  audit: auditOf(inputs, process.env),
})
