/** Runs in which nothing may be accused: every rehearsal of the matrix on the healthy platform, and variations of it that are as healthy. */
import { basename } from 'node:path'
import { PEAK, rehearsalFile, seededDefects } from './matrix.ts'
import type { Healthy } from './outcome.ts'

/** Rehearsals that seed no defect: each of their faults must bite and heal. */
const FAULTS_ONLY = ['kills', 'crashes', 'webhooks', 'names', 'cut']

const variation = (name: string): readonly string[] => [`test/canary/healthy/${name}`]
const shortName = (rehearsal: string): string => basename(rehearsal, '.rehearsal.yaml')

const rehearsals: readonly Healthy[] = [
  { name: 'stock', rehearsal: 'scenarios/psp-down-at-peak.rehearsal.yaml', platform: [] },
  ...[
    ...new Map(
      seededDefects.map(({ rehearsal, platform, target }) => [rehearsal, { rehearsal, platform, target }]),
    ).values(),
  ].map(
    ({ rehearsal, platform, target }): Healthy => ({
      name: shortName(rehearsal),
      rehearsal,
      platform,
      ...(target === undefined ? {} : { target }),
    }),
  ),
  ...FAULTS_ONLY.map((name): Healthy => ({ name, rehearsal: rehearsalFile(name), platform: [] })),
]

const variations: readonly Healthy[] = [
  { name: 'replicas doubled', rehearsal: PEAK, platform: variation('replicas-doubled') },
  { name: 'workloads renamed', rehearsal: PEAK, platform: variation('renamed') },
  { name: 'a neighbour uses 30 % of a core', rehearsal: PEAK, platform: [], meanwhile: 'neighbour' },
  { name: 'a slower provider', rehearsal: PEAK, platform: variation('slower-provider') },
  { name: 'smaller pools', rehearsal: PEAK, platform: variation('small-pools') },
  { name: 'disorderly webhooks', rehearsal: rehearsalFile('provider'), platform: variation('webhooks-disorderly') },
  { name: 'bets settled late', rehearsal: rehearsalFile('provider'), platform: variation('bets-settled-late') },
]

export const healthyTrials: readonly Healthy[] = [...rehearsals, ...variations]
