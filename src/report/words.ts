/** The same words for a verdict everywhere: page, Markdown, console. */
import type { Verdict } from '../domain/verdict.ts'

export const verdictWords: Readonly<Record<Verdict['kind'], { readonly word: string; readonly icon: string }>> = {
  pass: { word: 'PASS', icon: '✓' },
  fail: { word: 'FAIL', icon: '✗' },
  aborted: { word: 'ABORTED', icon: '■' },
  inconclusive: { word: 'INCONCLUSIVE', icon: '?' },
}

export const percent = (share: number | undefined, digits = 3): string =>
  share === undefined
    ? '–'
    : `${(share * 100)
        .toFixed(digits)
        .replace(/\.(\d*?)0+$/, '.$1')
        .replace(/\.$/, '')} %`
export const inSeconds = (ms: number | undefined): string => (ms === undefined ? '–' : `${(ms / 1000).toFixed(1)} s`)
export const cents = (amount: number): string =>
  `${(amount / 100).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })} €`
export const whole = (count: number): string => count.toLocaleString('en-US')
