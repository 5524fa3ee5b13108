/** Whether the sources and books that a rehearsal is judged by can be read at all: a fault that nobody can observe proves nothing. */
import type { Sample } from '../domain/evidence.ts'
import type { Issue, SourcePoint } from '../domain/issue.ts'
import type { MetricSource, Rehearsal, Target } from '../domain/rehearsal.ts'
import { after, seconds } from '../domain/units.ts'
import { messageOf } from '../domain/unknown.ts'
import { lookAtAlerts } from './alert-sight.ts'
import type { Books, Clock, Probes } from './ports.ts'
import { lookAtPrometheus } from './prometheus-sight.ts'

type Ports = { readonly probes: Probes; readonly books: Books; readonly clock: Clock }

/** The result of reading one source or book once. `nobody`: the source has no running pod now, or no series yet in its
 * Prometheus. */
export type Sight = {
  readonly kind: 'source' | 'book' | 'alert'
  readonly name: string
  readonly state: 'read' | 'nobody' | 'unreadable'
  readonly issue?: Issue
}

/** Reads each source and each of these books once. With a rehearsal, also whether its indicators can be counted by them. */
export async function look(
  ports: Ports,
  target: Target,
  books: readonly string[],
  rehearsal?: Rehearsal,
): Promise<readonly Sight[]> {
  const looks = await Promise.all([
    Promise.all(Object.entries(target.sources).map(([name, source]) => lookAtSource(ports, target, name, source))),
    lookAtPrometheus(ports, target, rehearsal),
    lookAtAlerts(ports, target, rehearsal),
    Promise.all(books.map((book) => lookAtBook(ports, target, book))),
  ])
  return looks.flat()
}

/** Two attempts: a pod that was busy for a moment is not unreadable. */
const TRIES = 2
const PAUSE = seconds(1)

/** Why no pod of the source can be read now; undefined if at least one can. */
export async function blindTo(
  { probes, clock }: Pick<Ports, 'probes' | 'clock'>,
  name: string,
  source: MetricSource,
): Promise<Extract<Sample, { ok: false }> | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const samples = await probes.scrape(name, source)
    if (samples.some(({ ok }) => ok)) return undefined
    const failed = samples.find((sample) => !sample.ok)
    if (attempt === TRIES || failed === undefined) return failed
    await clock.until(after(clock.now(), PAUSE))
  }
}

async function lookAtSource(ports: Ports, target: Target, name: string, source: MetricSource): Promise<Sight> {
  const failed = await blindTo(ports, name, source)
  // Without a pod there is nothing to read. Preflight reports whether that is an error.
  if (failed === undefined) return { kind: 'source', name, state: 'read' }
  if (failed.pod === '') return { kind: 'source', name, state: 'nobody' }
  const { namespace, port, path } = source
  const url = `/api/v1/namespaces/${namespace}/pods/${failed.pod}:${port}/proxy${path}`
  const issue = {
    at: wholeFile(target),
    code: 'source-unreadable',
    problem: `source ${name}: none of its pods can be read; ${namespace}/${failed.pod}: ${failed.problem}.`,
    next: `${cutOff(failed.problem, 'pod', port)}Try: kubectl --context ${target.context} get --raw '${url}'`,
  }
  return { kind: 'source', name, state: 'unreadable', issue }
}

async function lookAtBook({ books }: Ports, target: Target, book: string): Promise<Sight> {
  try {
    await books.read(target, book, 'preflight')
    return { kind: 'book', name: book, state: 'read' }
  } catch (error) {
    const problem = messageOf(error)
    const place = target.books.find((each) => each.book === book)
    const url = place && `/api/v1/namespaces/${place.namespace}/services/${place.service}:${place.port}/proxy/books`
    const issue = {
      at: wholeFile(target),
      code: 'book-unreadable',
      problem: `book ${book} can't be read: ${problem}.`,
      next: `${cutOff(problem, 'service', place?.port)}${url ? `Try: kubectl --context ${target.context} get --raw '${url}'` : 'Compare with books in the target file.'}`,
    }
    return { kind: 'book', name: book, state: 'unreadable', issue }
  }
}

const wholeFile = ({ file }: Target): SourcePoint => ({ file, line: 0, column: 0 })

/** The API server itself calls pods and services. Where packets are dropped it reports an error or does not answer in time. */
const cutOff = (problem: string, what: string, port: number | undefined): string =>
  /time-?out|50[234]|dial tcp|trying to reach/.test(problem)
    ? `The API server calls the ${what} itself: if a NetworkPolicy denies ingress, let the control plane's address reach port ${port}. `
    : ''
