/**
 * Which findings follow from another one. A run that was killed shows a dozen gaps, and all but one of them only say what nobody could
 * see any more. The root is told with its next step; what follows from it is folded under it. Only gaps follow, and warnings that a starved
 * machine excuses: a breach was seen.
 * A fault of names or files (an autoscaler that was never seen, no books) would be there without the root too, and stands for itself.
 */
import { type Cause, causes } from '../../domain/causes.ts'
import { stateName } from '../../domain/required-state.ts'
import type { ActionResult, FaultResult, Finding } from '../../domain/verdict.ts'
import type { Seen } from '../seen/seen.ts'
import { FROM_CLUSTER } from '../seen/silence.ts'

type Harms = { readonly faults: readonly FaultResult[]; readonly actions: readonly ActionResult[] }
/** Whether a finding of the root's cause is the reason of a gap. */
type Explains = (gap: Finding, root: Finding) => boolean

/** Findings in the order of telling power; each that follows from another one names its root and points there. */
export function withRoots(seen: Seen, findings: readonly Finding[], harms: Harms): readonly Finding[] {
  const rules = explanations(seen, harms)
  const reasonOf = (gap: Finding): Finding | undefined =>
    findings.find((root) => root !== gap && mayFollow(gap, root) && rules[root.cause]?.(gap, root) === true)
  return findings.map((each) => {
    const root = rootOf(each, reasonOf)
    if (root === undefined) return each
    const { cause, subject } = root
    return { ...each, follows: { cause, subject }, next: `This follows from ${cause} of ${subject}: start there.` }
  })
}

const mayFollow = ({ weight }: Finding, root: Finding): boolean =>
  weight === 'gap' || (weight === 'warning' && root.cause === 'generator-starved')

/** The reason that has none itself. Two findings that explain each other lead nowhere, and stay roots. */
function rootOf(finding: Finding, reasonOf: (gap: Finding) => Finding | undefined): Finding | undefined {
  const passed = new Set([finding])
  let root: Finding | undefined
  for (let next = reasonOf(finding); next !== undefined; next = reasonOf(next)) {
    if (passed.has(next)) return undefined
    passed.add(next)
    root = next
  }
  return root
}

function explanations(seen: Seen, harms: Harms): Partial<Record<Cause, Explains>> {
  const unseen = (gap: Finding) => gap.cause === 'no-evidence' && !isOfNames(seen, gap)
  const cutShort: Explains = (gap) => unseen(gap) || CUT_SHORT.has(gap.cause) || isOpenHarm(gap, harms)
  const withoutLoad: Explains = (gap) => unseen(gap) || WITHOUT_LOAD.has(gap.cause) || isUnmoved(gap, harms)
  const unreadable: Explains = (gap) =>
    unseen(gap) || isOpenHarm(gap, harms) || isSilent(seen, gap) || needsCluster(gap) || gap.cause === 'run-stopped'
  // A guardrail that a starved machine tripped cut the run short.
  const starved: Explains = (gap, root) =>
    (gap.cause !== 'no-evidence' && causes[gap.cause].starved === 'excused') ||
    (seen.run.trip !== undefined && gap.cause !== 'no-evidence' && cutShort(gap, root))
  const ofHarm: Explains = (gap, { subject }) => unseen(gap) && isAbout(gap, subject)
  return {
    'run-stopped': cutShort,
    'run-incomplete': cutShort,
    'cluster-unreachable': unreadable,
    'load-missing': withoutLoad,
    'load-crashed': withoutLoad,
    'generator-starved': starved,
    'fault-unproven': ofHarm,
    'fault-not-recovered': ofHarm,
    'action-not-done': ofHarm,
  }
}

/** Evidence that was lost since the cluster could not be read any more. */
const isSilent = ({ silence }: Seen, { cause, subject }: Finding): boolean =>
  cause === 'evidence-lost' && (subject === 'more' || silence.lost.has(subject))

/** A gap of a rule that reads the cluster. */
const needsCluster = ({ cause }: Finding): boolean =>
  cause === 'unsettled' ||
  cause === 'ledger-unproven' ||
  (causes[cause].lost === 'excused' && causes[cause].needs.some((kind) => FROM_CLUSTER.has(kind)))

/** Gaps that a longer run closes. */
const CUT_SHORT: ReadonlySet<Cause> = new Set([
  'load-missing',
  'load-crashed',
  'slo-unproven',
  'ledger-unproven',
  'unsettled',
])

/** Gaps that there are in any run without a load. */
const WITHOUT_LOAD: ReadonlySet<Cause> = new Set(['slo-unproven', 'ledger-unproven', 'state-not-reached'])

const isAbout = ({ subject }: Finding, harm: string): boolean => subject === harm || subject.startsWith(`${harm}: `)

/** A fault that was never taken back, or an action that never came to its end; one that was refused has a reason of its own. */
function isOpenHarm({ cause, subject }: Finding, { faults, actions }: Harms): boolean {
  if (cause === 'fault-unproven' || cause === 'fault-not-recovered')
    return faults.some((each) => each.fault === subject && each.healedAt === undefined && each.state !== 'refused')
  if (cause === 'action-not-done')
    return actions.some((each) => each.action === subject && ['not-reached', 'not-done'].includes(each.state))
  return false
}

/** A witness that counts calls cannot prove a fault that met no calls. */
const isUnmoved = ({ cause, subject }: Finding, { faults }: Harms): boolean =>
  cause === 'fault-unproven' &&
  faults.some((each) => each.fault === subject && (each.state === 'unproven' || each.state === 'not-reached'))

/** What the files say is wrong or missing, whatever became of the run. */
function isOfNames({ run, objects }: Seen, { subject }: Finding): boolean {
  if (subject === 'objectives' || subject === 'ledger') return true
  const unknownScaler = (run.head.rehearsal.reaches ?? []).some(
    (each) => each.kind === 'at-maximum' && stateName(each) === subject && objects.hpa(each.autoscaler).length === 0,
  )
  if (unknownScaler) return true
  return run.head.rehearsal.expectations.some(
    (each) =>
      (each.kind === 'autoscaler' && each.name === subject && objects.hpa(subject).length === 0) ||
      (each.kind === 'keda' && each.scaledObject === subject && objects.scaledObject(subject).length === 0) ||
      (each.kind === 'disruption' && each.budget === subject && objects.budget(subject) === undefined),
  )
}
