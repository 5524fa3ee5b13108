/** Compares the share of the requests that the new release received with the share that was asked for. */
import { showMeasuredPercent } from '../../domain/show.ts'
import { CONFIDENCE, lowerBound } from '../../domain/statistics.ts'
import type { ReleaseCounts } from '../seen/canary-counters.ts'

export type ShareServed = {
  readonly canary: number
  readonly all: number
  readonly share: number
  /** Exact binomial interval (Clopper and Pearson) at 99 %. */
  readonly interval: readonly [number, number]
  /** The share asked for lies outside of the interval, and by more than a router's rounding. */
  readonly isOff: boolean
}

/** Each step is one of several tests, so each uses a 99 % interval, with 0.5 % on either side. */
const EACH_SIDE = 1 - (1 - CONFIDENCE) / 10
/** Scrapes cut requests at the edges of a step, and clients repeat some. */
const TOLERANCE = 0.01

/** Undefined without any request. */
export const shareServed = (stable: ReleaseCounts, canary: ReleaseCounts, asked: number): ShareServed | undefined =>
  shareOf(canary.requests, stable.requests + canary.requests, asked)

/** Of the requests to the old release, those that were copied. Undefined without any request. */
export const shareCopied = (copies: number, requests: number, asked: number): ShareServed | undefined =>
  shareOf(Math.min(copies, requests), requests, asked)

function shareOf(part: number, all: number, asked: number): ShareServed | undefined {
  if (all === 0) return undefined
  const low = lowerBound(part, all, EACH_SIDE)
  const high = 1 - lowerBound(all - part, all, EACH_SIDE)
  const isOff = asked < low - TOLERANCE || asked > high + TOLERANCE
  return { canary: part, all, share: part / all, interval: [low, high], isOff }
}

export const copiesWords = ({ canary, all, share, interval: [low, high] }: ShareServed): string =>
  `${canary} of ${all} requests (${showMeasuredPercent(share, 1)}, between ${showMeasuredPercent(low, 1)} and ${showMeasuredPercent(high, 1)}) were copied`
