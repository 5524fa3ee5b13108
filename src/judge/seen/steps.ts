/** A number over time that changes at certain moments, each with the line that showed it. */
export type Step<T = number> = { readonly at: number; readonly value: T; readonly line: number }
export type Steps<T = number> = readonly Step<T>[]

/** Appends unless nothing changed. */
export function noteStep<T>(steps: Step<T>[], step: Step<T>): void {
  if (steps.at(-1)?.value !== step.value) steps.push(step)
}

/** The step that was in force at a moment; undefined before the first. */
export const stepAt = <T>(steps: Steps<T>, at: number): Step<T> | undefined => steps.findLast((each) => each.at <= at)

/** What was in force at `fromAt`, and every change until `toAt`. */
export function stepsWithin<T>(steps: Steps<T>, fromAt: number, toAt: number): Steps<T> {
  const before = stepAt(steps, fromAt)
  return [...(before ? [before] : []), ...steps.filter((each) => each.at > fromAt && each.at <= toAt)]
}

export type StepChange = { readonly at: number; readonly by: number; readonly line: number }

/** Ups and downs, in any order → how many there were at each moment. */
export function summed(changes: readonly StepChange[]): Steps {
  const steps: Step[] = []
  let sum = 0
  for (const { at, by, line } of [...changes].sort((a, b) => a.at - b.at || a.line - b.line)) {
    sum += by
    const last = steps.at(-1)
    if (last?.at === at) steps[steps.length - 1] = { at, value: sum, line }
    else steps.push({ at, value: sum, line })
  }
  return steps
}

/** The first moment in the window at which something is true; counted from `fromAt` when it already is. */
export function firstWhere<T>(
  steps: Steps<T>,
  fromAt: number,
  toAt: number,
  isTrue: (value: T) => boolean,
): Step<T> | undefined {
  const found = stepsWithin(steps, fromAt, toAt).find((each) => isTrue(each.value))
  return found && { ...found, at: Math.max(found.at, fromAt) }
}

/** The first moment from which on something stays true until `toAt`. */
export function trueSince<T>(
  steps: Steps<T>,
  fromAt: number,
  toAt: number,
  isTrue: (value: T) => boolean,
): Step<T> | undefined {
  let since: Step<T> | undefined
  for (const step of stepsWithin(steps, fromAt, toAt)) {
    if (!isTrue(step.value)) since = undefined
    else since ??= step
  }
  return since && { ...since, at: Math.max(since.at, fromAt) }
}

/** For how many ms of the window something was true. */
export function timeWhere<T>(steps: Steps<T>, fromAt: number, toAt: number, isTrue: (value: T) => boolean): number {
  const inside = stepsWithin(steps, fromAt, toAt)
  return inside.reduce((sum, step, index) => {
    const until = inside[index + 1]?.at ?? toAt
    return isTrue(step.value) ? sum + until - Math.max(step.at, fromAt) : sum
  }, 0)
}
