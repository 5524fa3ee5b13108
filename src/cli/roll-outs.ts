/** What a comparison rolls out before it measures a release. */
import type { RollOuts } from '../controller/rolling-out.ts'
import type { CompareSession, Release } from '../domain/comparison.ts'
import type { Issue } from '../domain/issue.ts'
import type { RollOut, Target } from '../domain/rehearsal.ts'
import { BadInput } from './failure.ts'
import { issueOfFlag } from './flags.ts'

/** How the comparison is performed. `cluster`: it may change the cluster. */
type Ways = { readonly duet: boolean; readonly cluster: boolean }

/** @throws BadInput with everything that keeps these two releases from being rolled out in turn */
export function rollOutsOf({ releases = {} }: Target, { a, b }: Pick<CompareSession, 'a' | 'b'>, ways: Ways): RollOuts {
  const of = ({ name }: Release) => (Object.hasOwn(releases, name) ? releases[name]?.rollOut : undefined)
  const [one, other] = [of(a), of(b)]
  const rollOuts = { ...(one && { a: one }), ...(other && { b: other }) }
  const issues = one === undefined && other === undefined ? [] : issuesOf(rollOuts, ways)
  if (issues.length > 0) throw new BadInput(issues)
  return rollOuts
}

function issuesOf({ a, b }: RollOuts, { duet, cluster }: Ways): readonly Issue[] {
  return [
    ...(duet && a !== b ? [inTurn] : []),
    ...(cluster ? [] : [loadOnly]),
    ...(a && b && a.deployment !== b.deployment ? [differ(a, b)] : []),
  ]
}

const inTurn = issueOfFlag('--duet', {
  problem: 'a Deployment cannot run both releases at the same time, and one of them has rollOut.',
  next: 'Leave out --duet.',
})

const loadOnly = issueOfFlag('--target', {
  problem: 'a release with rollOut changes the cluster, and a target file alone only sends load.',
  next: 'Add --lab or --context NAME.',
})

const differ = (a: RollOut, b: RollOut): Issue => ({
  at: b.at,
  code: 'deployments-differ',
  problem: `The releases roll out to ${a.deployment} and to ${b.deployment}, which can run side by side.`,
  next: 'Deploy both, give each its own entry, and leave out rollOut.',
})
