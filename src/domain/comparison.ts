/** A comparison of two releases: what is compared, by which rules, and what came out. Made by `judge`, drawn by `report`. */
import type { Millis, Ratio } from './units.ts'

/** One of two releases as it was deployed during the comparison. */
export type Release = {
  /** As the user named it: a key of `releases` in the target file, a URL, or a run. */
  readonly name: string
  /** URL where its clients enter. */
  readonly entry: string
}

export type CompareSession = {
  readonly kind: 'compare'
  readonly a: Release
  readonly b: Release
  /** Both releases are measured at the same time, each at half of the load. Otherwise one after the other, in an order drawn from the seed. */
  readonly duet: boolean
  /** A release is compared with itself, to measure the spread. */
  readonly aa: boolean
  readonly settings: CompareSettings
}

export type CompareSettings = {
  readonly settleMs: Millis
  readonly measuredMs: Millis
  /** Multiple of the arrivals of the rehearsal. */
  readonly factor: number
  /** Numbers of pairs after which the comparison looks and may end; the last is the most that it measures. */
  readonly looks: readonly number[]
  /** Chance to call an equal release worse, over all objectives and looks. */
  readonly alpha: Ratio
  /** A slowdown up to here is not called a regression. 0: any slowdown that is proven. */
  readonly worse: Tolerance
  /** B is proven not worse when its loss is proven smaller than this. */
  readonly margin: Tolerance
  /** Margins of single SLIs. */
  readonly margins: Readonly<Record<string, Partial<Tolerance>>>
}

/** `latency`: 0.15 is 15 % slower. `rate`: difference of bad shares, 0.001 is 0.1 percentage points. */
export type Tolerance = { readonly latency: number; readonly rate: number }
