/**
 * Compares the answers of both releases. The old release is asked twice each time: a field that differs between its own two answers says nothing about
 * the new one.
 */
import { differencesOf } from '../domain/answers.ts'
import { SETTLE } from '../domain/canary.ts'
import type { ActionStepData } from '../domain/evidence.ts'
import type { AnswersAlike, DifferingField } from '../domain/shadow.ts'
import { after } from '../domain/units.ts'
import { type Headers, type VisitRequest, visitWords } from '../domain/visit.ts'
import type { VisitAnswer } from './ports.ts'
import type { PreviewPorts } from './preview.ts'

/** Always lets the release go on: nobody is served by it, and its answers are judged after the run. */
export async function compareAnswers(
  { clock, visits, target }: PreviewPorts,
  answers: AnswersAlike | undefined,
  record: (data: ActionStepData) => void,
  signal: AbortSignal,
): Promise<'promote'> {
  // Routers need a moment to learn of new pods.
  await clock.until(after(clock.now(), SETTLE), signal)
  if (answers === undefined) return 'promote'
  const visit = (request: VisitRequest, headers: Headers) => visits.visit(target, request, headers)
  for (const request of answers.requests) {
    const seen = createSeen(answers, request)
    for (let time = 0; time < answers.times; time++) {
      signal.throwIfAborted()
      seen.add(await visit(request, {}), await visit(request, {}), await visit(request, answers.headers))
    }
    record({ is: 'answers-compared', request: visitWords(request), asked: answers.times, ...seen.result() })
  }
  // The last visits must be scraped before the first copy comes.
  await clock.until(after(clock.now(), SETTLE), signal)
  return 'promote'
}

function createSeen({ ignore }: AnswersAlike, { status }: VisitRequest) {
  const fields = new Map<string, DifferingField>()
  let [compared, problem] = [0, undefined as string | undefined]
  const noticed = (field: string, values: Pick<DifferingField, 'stable' | 'canary'>, isNoise: boolean): void => {
    const known = fields.get(field) ?? { field, times: 0, noise: 0, ...values }
    // The first values that differed between the releases are shown.
    const shown = known.times === 0 && !isNoise ? values : {}
    fields.set(field, {
      ...known,
      ...shown,
      times: known.times + (isNoise ? 0 : 1),
      noise: known.noise + (isNoise ? 1 : 0),
    })
  }
  return {
    add(old: VisitAnswer, again: VisitAnswer, fresh: VisitAnswer): void {
      if (old.is === 'none' || again.is === 'none' || fresh.is === 'none') {
        problem ??= [old, again, fresh].flatMap((each) => (each.is === 'none' ? [each.problem] : []))[0]
        return
      }
      // Two releases that both fail are alike, and show nothing.
      if (old.status !== status) {
        problem ??= `the old release answered with status ${old.status} instead of ${status}`
        return
      }
      compared += 1
      for (const { field, one, other } of differencesOf(old, fresh, ignore))
        noticed(field, { stable: short(one), canary: short(other) }, false)
      for (const { field, one, other } of differencesOf(old, again, ignore))
        noticed(field, { stable: short(one), canary: short(other) }, true)
    },
    result: () => ({
      compared,
      different: [...fields.values()].filter(({ times }) => times > 0),
      ...(problem === undefined ? {} : { problem }),
    }),
  }
}

/** Longer values may be tokens or personal data, which do not belong into a journal. */
const VALUE_MOST = 24
const short = (value: string): string => (value.length > VALUE_MOST ? `${value.length} characters` : value)
