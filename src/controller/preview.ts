/**
 * Proves a new release on its preview route: matchday visits it there, and its pods must have counted the visits. Good responses alone prove
 * nothing, because the route may lead to the old release.
 */
import { type PreviewOutcome, SETTLE } from '../domain/canary.ts'
import type { ActionStepData } from '../domain/evidence.ts'
import type { Target } from '../domain/rehearsal.ts'
import { after, millis, seconds } from '../domain/units.ts'
import { PREVIEW_COUNTED, type Preview, type VisitRequest, visitWords } from '../domain/visit.ts'
import type { Clock, Visits } from './ports.ts'

export type PreviewPorts = { readonly clock: Clock; readonly visits: Visits; readonly target: Target }

/** The counts of the visits are read once a second, until this many scrapes are due: a scrape shows requests only after they were answered. */
const LOOK_EVERY = seconds(1)
const SCRAPES = 3

/** `counted`: what the pods of the new release have counted so far; `scrapeMs`: how often they are read. */
export async function performPreview(
  { clock, visits, target }: PreviewPorts,
  preview: Preview,
  { counted, scrapeMs }: { counted(): number; readonly scrapeMs: number },
  record: (data: ActionStepData) => void,
  signal: AbortSignal,
): Promise<PreviewOutcome> {
  // Routers need a moment to learn of new pods.
  await clock.until(after(clock.now(), SETTLE), signal)
  const visitAll = async (request: VisitRequest) => {
    const problems: string[] = []
    for (let time = 0; time < preview.times; time++) {
      signal.throwIfAborted()
      const problem = await whyNotGood(visits, target, request, preview)
      if (problem !== undefined) problems.push(problem)
    }
    return problems
  }
  let isGood = true
  for (const request of preview.requests) {
    const problems = await visitAll(request)
    const [problem] = problems
    isGood &&= problem === undefined
    record({
      is: 'previewed',
      request: visitWords(request),
      asked: preview.times,
      good: preview.times - problems.length,
      ...(problem === undefined ? {} : { problem }),
    })
  }
  const wanted = preview.requests.length * preview.times * PREVIEW_COUNTED
  const deadline = after(clock.now(), millis(SCRAPES * scrapeMs + LOOK_EVERY))
  while (isGood && counted() < wanted && clock.now() < deadline)
    await clock.until(after(clock.now(), LOOK_EVERY), signal)
  const outcome = isGood && counted() >= wanted ? 'promote' : 'roll-back'
  record({ is: 'preview-decided', outcome, counted: counted() })
  return outcome
}

async function whyNotGood(
  visits: Visits,
  target: Target,
  request: VisitRequest,
  { headers }: Preview,
): Promise<string | undefined> {
  const answer = await visits.visit(target, request, headers)
  if (answer.is === 'none') return answer.problem
  return answer.status === request.status ? undefined : `status ${answer.status} instead of ${request.status}`
}
