/** Judges a preview by its responses and by the requests that the pods of the new release counted, because another release may have answered. */
import { previewOf } from '../../domain/action.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import { PREVIEW_COUNTED } from '../../domain/visit.ts'
import type { Ruled } from '../findings/ruled.ts'
import type { Harm } from '../harm/harm.ts'
import type { ActionLife } from '../seen/action-lives.ts'
import { countsBetween, type NamedCanary, whyUncounted } from '../seen/canary-counters.ts'
import type { Seen } from '../seen/seen.ts'
import { createReactionAnswer } from './answer.ts'
import { unreadOptions } from './unread-options.ts'

/** Empty for a release without a preview, and for one that failed before its preview began. */
export function judgePreview(
  seen: Seen,
  harm: Harm,
  { release, ...named }: NamedCanary,
  life: ActionLife,
): readonly Ruled<ReactionResult>[] {
  const preview = previewOf(release)
  if (preview === undefined || (life.problem !== undefined && life.previews.length === 0)) return []
  const answer = createReactionAnswer(harm, 'previewed', 'preview')
  const { previews, previewDecided } = life
  const lines = [...previews.map(({ line }) => line), previewDecided?.line]
  const bad = previews.find(({ problem }) => problem !== undefined)
  if (bad !== undefined) {
    const { request, asked, good, problem } = bad
    const sentence = `${good} of ${asked} answers to ${request} on the preview route were good, so no traffic was switched: ${problem}.`
    return [answer.broken('preview-failed', { sentence, lines })]
  }
  if (previewDecided === undefined || previews.length < preview.requests.length)
    return [answer.unknown('The preview was not seen to its end.', lines)]
  const asked = previews.reduce((sum, each) => sum + each.asked, 0)
  const untilAt = life.steps[0]?.at ?? life.healRequested?.at ?? seen.run.seenUntil
  const { requests } = countsBetween(seen.counters, { ...named, release })('canary', harm.createdAt, untilAt)
  const sentence = `All ${asked} answers on the preview route were good, and the pods of the new release counted ${requests} requests.`
  if (requests < asked * PREVIEW_COUNTED) {
    const span = { fromAt: Math.min(...previews.map(({ at }) => at)), toAt: untilAt }
    const options = unreadOptions(seen, release.canary.gate.canary)
    const uncounted = whyUncounted(seen.counters, { ...named, release }, 'canary', span, options)
    return uncounted === undefined
      ? [answer.broken('preview-failed', { sentence: `${sentence} Another release answered.`, lines })]
      : [answer.unknown(`${sentence} But ${uncounted}.`, lines)]
  }
  return [answer.held({ sentence, lines })]
}

export const isPreviewFailed = ({ previewDecided }: ActionLife): boolean => previewDecided?.outcome === 'roll-back'
