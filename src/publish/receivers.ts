/** The two receivers: Prometheus remote write, and the annotations of Grafana. No message of theirs repeats an address or a credential. */
import { readFileSync } from 'node:fs'
import type { PrometheusLogin, PublishEndpoint } from '../domain/rehearsal.ts'
import { messageOf } from '../domain/unknown.ts'
import { type Attempt, post } from '../notify/post.ts'
import { createRound, type Round, type RoundPace } from '../notify/round.ts'
import { remoteWriteBody, remoteWriteHeaders } from '../protocols/prometheus/remote-write-body.ts'
import type { Annotation } from './annotations.ts'
import type { PublishCursor, ReceiverName } from './cursor.ts'
import { type PublishedSample, seriesOf } from './samples.ts'

export type PublishPace = RoundPace & { readonly timeoutMs: number }
export const PUBLISH_PACE: PublishPace = { timeoutMs: 10_000, pauseMs: 1000, pauseMostMs: 30_000 }

/** Reads the credential at each request, because it may be renewed. Throws with the name of its place. */
export type Authorization = (login: PrometheusLogin) => string

export type SampleBatch = { readonly line: number; readonly samples: readonly PublishedSample[] }

type Sent = {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** Remote write 1.0: what is answered with 4xx (but 429) must not be sent again. */
export function remoteWriteRound(
  to: PublishEndpoint,
  authorize: Authorization,
  progress: PublishCursor,
  pace: PublishPace,
): Round<SampleBatch> {
  return createRound(
    {
      async deliver({ samples }, signal) {
        const body = remoteWriteBody(seriesOf(samples))
        return refusedFor4xx(await sent(to, authorize, { path: '', headers: remoteWriteHeaders, body }, pace, signal))
      },
      passed: ({ line }) => advance(progress, 'remoteWrite', line),
    },
    pace,
  )
}

/** At least once: Grafana has no key against duplicates, so each annotation carries its id as a tag. */
export function grafanaRound(
  to: PublishEndpoint,
  authorize: Authorization,
  progress: PublishCursor,
  pace: PublishPace,
): Round<Annotation> {
  return createRound(
    {
      async deliver(annotation, signal) {
        const headers = { 'content-type': 'application/json', accept: 'application/json' }
        const body = JSON.stringify(grafanaAnnotation(annotation))
        return refusedFor4xx(await sent(to, authorize, { path: '/api/annotations', headers, body }, pace, signal))
      },
      passed: ({ line }) => advance(progress, 'grafana', line),
    },
    pace,
  )
}

/** POST /api/annotations of Grafana's HTTP API: times in whole ms, or it refuses them; with `timeEnd` it is a region. */
export const grafanaAnnotation = ({ fromMs, toMs, tags, text }: Annotation) => ({
  time: Math.floor(fromMs),
  ...(toMs > fromMs ? { timeEnd: Math.floor(toMs) } : {}),
  tags,
  text,
})

const advance = (progress: PublishCursor, name: ReceiverName, line: number): number => {
  progress.advance(name, line)
  return 0
}

/** A login that is refused is tried again, because a credential may be renewed. */
const refusedFor4xx = (attempt: Attempt): Attempt =>
  attempt.ok || attempt.status === undefined || !REFUSES.includes(attempt.status)
    ? attempt
    : { ...attempt, isRefused: true }
const REFUSES: readonly number[] = [400, 409, 413, 415, 422]

async function sent(
  { url, login, ca }: PublishEndpoint,
  authorize: Authorization,
  { path, headers, body }: Sent,
  pace: PublishPace,
  signal: AbortSignal,
): Promise<Attempt> {
  try {
    const authorization = login === undefined ? {} : { authorization: authorize(login) }
    const letter = { headers: { 'user-agent': 'matchday', ...headers, ...authorization }, body }
    return await post(
      new URL(`${url}${path}`),
      letter,
      pace.timeoutMs,
      signal,
      ca === undefined ? ca : readFileSync(ca, 'utf8'),
    )
  } catch (error) {
    return { ok: false, problem: messageOf(error) }
  }
}
