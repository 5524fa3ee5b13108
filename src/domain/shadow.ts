/**
 * A shadow release: copies of some requests go to the new release, and nobody sees its answers. The mirror is switched on and off in turn, so that
 * what it changes shows in pairs of windows.
 */
import type { Canary } from './canary.ts'
import { showDuration, showPercent } from './show.ts'
import { type Ratio, ratio, type Some, seconds } from './units.ts'
import { type Headers, headerWords, type VisitRequest, visitWords } from './visit.ts'

export type Shadow = {
  /** Share of the requests that is copied while the mirror is on. */
  readonly share: Ratio
  /** Pairs of windows, one with the mirror on and one with it off. */
  readonly pairs: number
  /** The indicator whose response times must not rise while the mirror is on, and by how much they may. */
  readonly latency?: { readonly sli: string; readonly atMost: number }
  readonly answers?: AnswersAlike
}

/** Both releases are asked the same, and their answers are compared field by field. */
export type AnswersAlike = {
  /** Headers that lead a request to the new release alone. */
  readonly headers: Headers
  readonly requests: Some<VisitRequest>
  /** Fields that differ between any two answers, such as ids and times: `token`, `items[].at`. */
  readonly ignore: readonly string[]
  /** How often each request is compared. */
  readonly times: number
}

/** Shares of the windows, in order: on, off, off, on, and so on. A trend over the run adds to both sides then. */
export const windowShares = ({ share, pairs }: Pick<Shadow, 'share' | 'pairs'>): Some<Ratio> => {
  const all = Array.from({ length: pairs }, (_, pair) => (pair % 2 === 0 ? [share, NONE] : [NONE, share])).flat()
  return [share, ...all.slice(1)]
}

const NONE = ratio(0)

/** Numbers of the windows of each pair, from 1: with the mirror on, and with it off. */
export const windowPairs = (pairs: number): readonly { readonly on: number; readonly off: number }[] =>
  Array.from({ length: pairs }, (_, pair) => {
    const [first, second] = [2 * pair + 1, 2 * pair + 2]
    return pair % 2 === 0 ? { on: first, off: second } : { on: second, off: first }
  })

/** Time that the plan allows for comparing answers. */
export const ANSWERS_ROOM = seconds(20)

export const shadowWords = ({ share, pairs, answers }: Shadow, { route, holdMs }: Canary): string => {
  const compared = answers === undefined ? '' : `, ${answersWords(answers)}`
  return `${showPercent(share)} of the requests of ${route} are copied to it in ${pairs} of ${2 * pairs} windows of ${showDuration(holdMs)}${compared}`
}

const answersWords = ({ headers, requests, times }: AnswersAlike): string =>
  `after both releases were asked ${times} times ${requests.map(visitWords).join(' and ')}, the new one with ${headerWords(headers)}`

/** A field that differed: how often between both releases, and how often between two answers of the old release. */
export type DifferingField = {
  readonly field: string
  readonly times: number
  readonly noise: number
  /** The first two values that differed. Of long ones only their length, because they may be tokens. */
  readonly stable: string
  readonly canary: string
}

/** What a book holds for one operation. */
export type BookCount = {
  readonly book: string
  readonly operation: string
  readonly count: number
  readonly amountCents: number
  readonly low: number
  readonly high: number
}
