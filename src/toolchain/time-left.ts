import type { ExpectedBuild } from './build-costs.ts'

type Expected = Pick<ExpectedBuild, 'ms' | 'packages'>

/** Where a series of builds stands. `tookMs` is the time of compiling, without that of fetching sources. */
export type BuildsSoFar = {
  readonly built: readonly { readonly expected: Expected; readonly tookMs: number }[]
  /** `packages`: how many go has named so far. */
  readonly now?: { readonly expected: Expected; readonly tookMs: number; readonly packages: number }
  readonly next: readonly Expected[]
}

/** The rest of a build, after its packages are compiled, links the program. */
const COMPILED_SHARE = 0.9
/** Go names more packages than expected: others were to be there already, so nobody knows how many follow. */
const UNEXPECTED = 1.1
/** This share of all that is expected counts as measured from the beginning, so that the first packages do not decide alone. */
const PRIOR_SHARE = 0.05
/** A machine that is slower than this has other work, and nobody knows for how long. */
const SLOWER_MAX = 4

/**
 * Milliseconds until all is built: what was expected for the rest, times how much slower or faster the builds went so far. A warm cache of Go lets them go
 * faster. Undefined where a build has no expected time, or does not go as expected. Pure
 */
export function timeLeftMs({ built, now, next }: BuildsSoFar): number | undefined {
  const ahead = [...(now ? [now.expected] : []), ...next]
  if (ahead.some(({ ms }) => ms === undefined)) return undefined
  if (now && now.packages > now.expected.packages * UNEXPECTED) return undefined
  const share = now ? shareOf(now) : 0
  const doneOfNowMs = share * (now?.expected.ms ?? 0)
  const known = built.filter(({ expected }) => expected.ms !== undefined)
  const expectedMs = expectedOf(known.map(({ expected }) => expected)) + doneOfNowMs
  const leftMs = expectedOf(ahead) - doneOfNowMs
  const priorMs = PRIOR_SHARE * (expectedMs + leftMs)
  const tookMs = known.reduce((sum, one) => sum + one.tookMs, now?.tookMs ?? 0)
  if (leftMs === 0) return 0
  const slower = (tookMs + priorMs) / (expectedMs + priorMs)
  return slower > SLOWER_MAX ? undefined : slower * leftMs
}

const shareOf = ({ expected, packages }: NonNullable<BuildsSoFar['now']>): number =>
  COMPILED_SHARE * Math.min(1, packages / Math.max(1, expected.packages))

const expectedOf = (builds: readonly Expected[]): number => builds.reduce((sum, { ms = 0 }) => sum + ms, 0)
