/** Which Deployments a comparison holds at their number of replicas. */
import type { Pin } from '../controller/pinning.ts'
import type { CompareSession } from '../domain/comparison.ts'
import type { Target } from '../domain/rehearsal.ts'
import { BadInput } from './failure.ts'

/** Each Deployment once: a release may be compared with itself. @throws BadInput when the releases are of different size */
export function pinsOf({ releases = {} }: Target, { a, b }: CompareSession): readonly Pin[] {
  const pins = [a, b].flatMap(({ name }) => (Object.hasOwn(releases, name) ? (releases[name]?.pinned ?? []) : []))
  const [one, other] = pins
  if (one !== undefined && other !== undefined && one.replicas !== other.replicas) {
    const problem = `${one.deployment} is held at ${one.replicas} pods and ${other.deployment} at ${other.replicas}: the larger one would win.`
    throw new BadInput([
      { at: other.at, code: 'replicas-differ', problem, next: 'Give both the same number of replicas.' },
    ])
  }
  return [...new Map(pins.map((pin) => [pin.deployment, pin])).values()]
}
