/**
 * A visit: one request that matchday itself sends through the entry of the target, to see which release answers it and how. It is no part of the load. A
 * few visits a second show what counters cannot: the response that one client got.
 */
import { type Some, seconds } from './units.ts'

export type VisitRequest = {
  readonly path: string
  /** Body of a POST, as JSON; a GET if left out. */
  readonly body?: string
  /** The status of a good answer. */
  readonly status: number
}

export type Headers = Readonly<Record<string, string>>

export const visitWords = ({ path, body }: VisitRequest): string => `${body === undefined ? 'GET' : 'POST'} ${path}`

/** A new release is visited on a route of its own before it gets any request of a user. */
export type Preview = {
  /** Headers by which the route tells a preview from the requests of users. */
  readonly headers: Headers
  readonly requests: Some<VisitRequest>
  /** How often each of them is sent. */
  readonly times: number
}

/** Time that the plan allows for a preview: routers settle, the visits are sent, and their counts are read. */
export const PREVIEW_ROOM = seconds(10)

export const previewWords = ({ headers, requests, times }: Preview): string =>
  `${times} times ${requests.map(visitWords).join(' and ')} with ${headerWords(headers)}`

export const headerWords = (headers: Headers): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ')

/** The share of the visits of a preview that the pods of the new release must have counted. Not all, because requests at the edges may fall between two scrapes. */
export const PREVIEW_COUNTED = 0.9

/**
 * Two cohorts that must be kept apart. Requests with `headers` belong to the cohort of the new release, all others to the other cohort. Visitors of each
 * cohort send a request once a second, and a header of the response says which release answered.
 */
export type Cohorts = {
  /** Headers of the cohort that gets the new release. */
  readonly headers: Headers
  readonly answeredBy: { readonly header: string; readonly stable: string; readonly canary: string }
  /** Visitors of each cohort. Each keeps to one of the requests. */
  readonly visitors: number
  readonly requests: Some<VisitRequest>
}

export const cohortNames = ['canary', 'stable'] as const
/** The cohort that is to get the new release, or the old one. */
export type Cohort = (typeof cohortNames)[number]

/** Responses to the visitors of a cohort in one round, by release. `unnamed`: good responses that name no release; `failed`: none, or a bad one. */
export type CohortRound = {
  readonly canary: number
  readonly stable: number
  readonly unnamed: number
  readonly failed: number
  /** Visitors that were answered by another release than the last time. */
  readonly moved: number
}

export const cohortsWords = ({ headers, visitors }: Cohorts): string =>
  `requests with ${headerWords(headers)} get it and no others, as ${visitors} visitors of each cohort see`
