/** Whether two regions are deployed alike: both have the same workloads, autoscalers and disruption budgets, and those of one name are equal in what matters. */
import { regionKinds } from '../../domain/cutover.ts'
import type { PostureObject, WorkloadSeen } from '../../domain/posture.ts'
import type { NamespaceListed, ObjectsListedSeen } from '../seen/listed.ts'

type Compared = Extract<PostureObject, { readonly resource: (typeof regionKinds)[number] }>

export type Drift =
  | { readonly kind: 'unread'; readonly what: readonly string[]; readonly lines: readonly number[] }
  | {
      readonly kind: 'read'
      readonly compared: number
      readonly differences: readonly string[]
      readonly lines: readonly number[]
    }

/** Objects with a name of `unlike` are not compared. */
export function driftOf(
  listed: ObjectsListedSeen,
  [old, fresh]: readonly [string, string],
  unlike: readonly string[] = [],
): Drift {
  const [a, b] = [listed.of(old), listed.of(fresh)]
  const lines = [a, b].flatMap((each) => regionKinds.flatMap((kind) => each?.lines.get(kind) ?? []))
  const unread = [
    [old, a],
    [fresh, b],
  ] as const
  const what = unread.flatMap(([namespace, each]) => (isWhole(each) ? [] : [namespace]))
  if (a === undefined || b === undefined || what.length > 0) return { kind: 'unread', what, lines }
  const comparedIn = (each: NamespaceListed) => objectsOf(each).filter(({ name }) => !unlike.includes(name))
  const [ours, theirs] = [comparedIn(a), comparedIn(b)]
  const differences = ours.flatMap((object) => {
    const other = twinOf(object, theirs)
    if (other === undefined) return [`${named(object)} is missing`]
    return differencesOf(object, other).map((words) => `${named(object)}: ${words}`)
  })
  const more = theirs
    .filter((object) => twinOf(object, ours) === undefined)
    .map((object) => `${named(object)} is only in ${fresh}`)
  return { kind: 'read', compared: ours.length, differences: [...differences, ...more], lines }
}

const twinOf = ({ resource, name }: Compared, among: readonly Compared[]): Compared | undefined =>
  among.find((each) => each.resource === resource && each.name === name)

const isWhole = (listed: NamespaceListed | undefined): boolean =>
  regionKinds.every((kind) => listed?.lists[kind] !== undefined)

const objectsOf = ({ lists }: NamespaceListed): readonly Compared[] =>
  regionKinds.flatMap((kind): readonly Compared[] => lists[kind] ?? [])

const named = (object: Compared): string =>
  `${object.resource === 'Workload' ? object.workloadKind : object.resource} ${object.name}`

function differencesOf(one: Compared, other: Compared): readonly string[] {
  switch (one.resource) {
    case 'Workload':
      return other.resource === 'Workload' ? workloadDifferences(one, other) : []
    case 'HorizontalPodAutoscaler':
      return other.resource === 'HorizontalPodAutoscaler'
        ? [...unequal('minimum', one.min, other.min), ...unequal('maximum', one.max, other.max)]
        : []
    case 'PodDisruptionBudget':
      return other.resource === 'PodDisruptionBudget'
        ? unequal('pods that must stay', one.wantedHealthy, other.wantedHealthy)
        : []
  }
}

function workloadDifferences(one: WorkloadSeen, other: WorkloadSeen): readonly string[] {
  const containers = one.containers.flatMap((container) => {
    const twin = other.containers.find(({ name }) => name === container.name)
    return twin === undefined
      ? [`has no container ${container.name}`]
      : unequal(`image of ${container.name}`, container.image, twin.image)
  })
  const more = other.containers
    .filter(({ name }) => !one.containers.some((container) => container.name === name))
    .map(({ name }) => `has one more container, ${name}`)
  return [
    ...containers,
    ...more,
    ...unequal('replicas', one.replicas, other.replicas),
    ...unequal('grace period', one.graceMs, other.graceMs),
    ...unequal('priority', one.priorityClass ?? 'none', other.priorityClass ?? 'none'),
  ]
}

const unequal = (what: string, one: string | number, other: string | number): readonly string[] =>
  one === other ? [] : [`${what} is ${other} and not ${one}`]
