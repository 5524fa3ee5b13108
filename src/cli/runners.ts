/** Commands whose blocks each start a load generator of their own cannot wait for pods each time. */
import type { Target } from '../domain/rehearsal.ts'
import { BadInput } from './failure.ts'

/** @throws BadInput if the target's load runs in the cluster */
export function refuseRunners({ load }: Target): void {
  if (load === undefined) return
  const problem =
    'runners in the cluster are for `matchday run`: this command would start new pods for each of its blocks.'
  throw new BadInput([
    { at: load.at, code: 'wrong-value', problem, next: 'Use a target file without load: --target FILE.' },
  ])
}
