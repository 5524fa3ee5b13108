/** Why specs fail that are known to fail. A spec that fails without an entry here is news: the run ends with exit code 1. */
import type { Networking } from './flags.ts'

export type SpecException = {
  readonly kind: string
  readonly reason: string
  /** Of the name of the spec. */
  readonly spec: RegExp
  /** Absent: both. */
  readonly networking?: Networking
}

export const EXCEPTIONS: readonly SpecException[] = []

export const exceptionFor = (
  spec: string,
  networking: Networking,
  exceptions: readonly SpecException[] = EXCEPTIONS,
): SpecException | undefined =>
  exceptions.find((each) => each.spec.test(spec) && (each.networking ?? networking) === networking)
