/** The same wording everywhere: page, Markdown, console. */
import { showMeasuredPercent } from '../domain/show.ts'
import type {
  ActionResult,
  FaultResult,
  HarmCost,
  Judgment,
  ReactionResult,
  SloResult,
  Verdict,
} from '../domain/verdict.ts'

export const verdictWords: Readonly<Record<Verdict['kind'], { readonly word: string; readonly icon: string }>> = {
  pass: { word: 'PASS', icon: '✓' },
  fail: { word: 'FAIL', icon: '✗' },
  aborted: { word: 'ABORTED', icon: '■' },
  inconclusive: { word: 'INCONCLUSIVE', icon: '?' },
}

/** A run that passes only because findings are accepted says so. */
export const wordsOf = (verdict: Verdict): (typeof verdictWords)[Verdict['kind']] =>
  verdict.kind === 'pass' && verdict.accepted !== undefined
    ? { ...verdictWords.pass, word: 'PASS with accepted findings' }
    : verdictWords[verdict.kind]

export type Look = 'good' | 'bad' | 'warn'

export const sloWords: Readonly<Record<SloResult['state'], readonly [words: string, look: Look]>> = {
  proven: ['✓ proven', 'good'],
  'proven-with-warning': ['! within the ceiling', 'warn'],
  unproven: ['? met, not proven', 'warn'],
  missed: ['✗ missed', 'bad'],
  'no-evidence': ['? no evidence', 'warn'],
}

export const faultWords: Readonly<Record<FaultResult['state'], readonly [words: string, look: Look]>> = {
  proven: ['✓ proven', 'good'],
  unproven: ['? not proven', 'warn'],
  'not-injected': ['? not injected', 'warn'],
  refused: ['? refused', 'warn'],
  'not-performed': ['? not performed', 'warn'],
  'not-reached': ['? not reached', 'warn'],
}

export const actionWords: Readonly<Record<ActionResult['state'], readonly [words: string, look: Look]>> = {
  done: ['✓ done', 'good'],
  'not-done': ['✗ not done', 'bad'],
  refused: ['? refused', 'warn'],
  failed: ['? failed', 'warn'],
  'not-performed': ['? not performed', 'warn'],
  'not-reached': ['? not reached', 'warn'],
}

export const objectiveWords = (
  slo: Pick<SloResult, 'kind' | 'objective' | 'targetMs' | 'ceilingMs' | 'judgedAtMs' | 'prometheus'>,
): string => {
  const by = slo.prometheus === undefined ? '' : `, counted by Prometheus${slo.prometheus.buckets ? ' in buckets' : ''}`
  if (slo.kind === 'availability') return `${showMeasuredPercent(slo.objective)}${by}`
  const ceiling = slo.ceilingMs !== undefined && slo.ceilingMs !== slo.targetMs ? ` (ceiling ${slo.ceilingMs} ms)` : ''
  const buckets =
    slo.judgedAtMs === undefined ? '' : `, counted in buckets up to ${Number(slo.judgedAtMs.toFixed(1))} ms`
  return `p${Math.round(slo.objective * 100)} ≤ ${slo.targetMs} ms${ceiling}${buckets}${by}`
}

/** `survives gateway`; a completion needs no more words. */
export function reactionWords({ kind, subject }: Pick<ReactionResult, 'kind' | 'subject'>): string {
  switch (kind) {
    case 'completes':
      return 'completes'
    case 'declares':
      return 'people declare an incident'
    case 'mitigates':
      return 'people mitigate'
    case 'ticks':
      return `runbook: ${subject}`
    case 'alerts':
      return `alert ${subject} fires`
    case 'resolves':
      return `alert ${subject} resolves`
    case 'rolls-out':
      return 'every pod runs the release'
    case 'rolls-back':
      return 'every pod runs what it ran before'
    case 'migrated':
      return `the migration ${subject} is complete`
    case 'locks-short':
      return `${subject}: no statement waits long for a lock`
    case 'works-with-schema':
      return `${subject} is as good as before with the new schema`
    case 'configured':
      return 'every pod serves with the configuration of the release'
    case 'configured-back':
      return 'every pod serves with the previous configuration'
    case 'previewed':
      return 'the new release answers on its preview route'
    case 'let-in':
      if (subject === 'rollout') return 'the Rollout promotes its release'
      return subject === 'canary' ? 'every step of the canary is promoted' : 'the new release stays as long as planned'
    case 'serves-share':
      return `${subject} is served`
    case 'wrote-nothing':
      return 'the mirror writes nothing'
    case 'slows-nobody':
      return `${subject} is as fast with the mirror on as with it off`
    case 'answers-alike':
      return subject === 'answers' || subject === 'new release'
        ? 'both releases were asked'
        : `${subject}: both releases answer alike`
    case 'kept-apart':
      return `the ${subject} gets its own release only`
    case 'archives':
      return 'the archive reaches the point'
    case 'restores':
      return 'the copy can be read'
    case 'matches':
      return `${subject} of the copy is that of the point`
    case 'cutover-step':
      return subject
    case 'cutover-rto':
      return `${subject} is good again`
    case 'cutover-rpo':
      return `${subject} is the same in both regions`
    case 'freeze-holds':
      return `the ${subject} holds`
    case 'one-writable':
      return subject
    case 'regions-alike':
      return `${subject} is alike`
    case 'traffic-moved':
      return `${subject} end`
    case 'warm-after-thaw':
      return `${subject} is fast`
    case 'taken-back':
      return 'the new release stops answering'
    default:
      return `${kind} ${subject}`
  }
}

export const inPercent = (share: number | undefined, digits?: number): string =>
  share === undefined ? '–' : showMeasuredPercent(share, digits)
/** Use of an error budget: `13 %`, and from ten times the budget on `30×`. */
export const budgetShare = (share: number, digits = 0): string =>
  share < 10 ? showMeasuredPercent(share, digits) : `${whole(Math.floor(share))}×`
export const inMillis = (ms: number | undefined): string => (ms === undefined ? '–' : `${ms.toFixed(0)} ms`)
export const inSeconds = (ms: number | undefined): string => (ms === undefined ? '–' : `${(ms / 1000).toFixed(1)} s`)
export const whole = (count: number): string => count.toLocaleString('en-US')
/** `1:05`: minutes and seconds of the run. */
export const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
/** `18:03:10`, on the controller's clock. */
export const utcTime = (at: number): string => new Date(at).toISOString().slice(11, 19)
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${whole(count)} ${count === 1 ? one : many}`

/** State of the journal's chain and signature: "3,041 lines, chained, signed by 3f2a…". */
export function sealWords({ evidence }: Pick<Judgment, 'evidence'>): string | undefined {
  if (evidence === undefined) return undefined
  const lines = `${whole(evidence.lines)} lines`
  if (evidence.kind === 'unchained')
    return `${lines}, unchained: an earlier version recorded it, so a later change cannot be noticed`
  const signed = evidence.signedBy === undefined ? '' : `, signed by ${evidence.signedBy.slice(0, 16)}…`
  return `${lines}, chained, last hash ${evidence.head.slice(0, 16)}…${signed}`
}

/** Slow responses are felt too, where they are more than the latency objective allows. */
export const isFelt = ({ bad, tooSlow }: HarmCost): boolean => bad + tooSlow > 0

/** An indicator with several latency objectives has several costs: `all` of the harm say whether the target must be named. */
export function costName({ sli, kind, targetMs }: HarmCost, all: readonly HarmCost[]): string {
  if (kind === 'availability') return sli
  const alike = all.filter((each) => each.sli === sli && each.kind === kind)
  return alike.length > 1 && targetMs !== undefined ? `${sli} latency ≤ ${targetMs} ms` : `${sli} latency`
}

/** What was achieved, in the unit of the objective: `99.95 %`, or `p95 149 ms` for a latency. */
export function achievedText({ kind, objective, achieved, whole: { quantileMs } }: SloResult): string {
  if (kind === 'availability' || quantileMs === undefined) return inPercent(achieved)
  return `p${Math.round(objective * 100)} ${inMillis(quantileMs)}`
}

/** For a run that did not take back everything. `matchday heal` helps only where the cluster still answers. */
export const healWords = ({ findings }: Judgment): { readonly problem: string; readonly next: string } =>
  findings.some(({ cause }) => cause === 'cluster-unreachable')
    ? {
        problem: 'Nobody knows whether everything was taken back.',
        next: 'matchday heal, once the cluster answers; a lab that is gone needs none',
      }
    : { problem: 'Not everything was taken back.', next: 'matchday heal' }
