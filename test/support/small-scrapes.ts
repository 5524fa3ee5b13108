/** Scrapes of one metric of the source `s`, in a line each. */
import type { Sample } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'

export type ScrapeValue = number | 'no answer' | 'absent'
export type Scrape = readonly [ms: number, value: ScrapeValue, pod?: string, labels?: Readonly<Record<string, string>>]

export const sample = ([ms, value, pod = 'a', labels = {}]: Scrape, name = 'x'): Sample => {
  const head = { kind: 'sample', at: instant(ms), source: 's', pod } as const
  if (value === 'no answer') return { ...head, ok: false, problem: value }
  return { ...head, ok: true, series: value === 'absent' ? [] : [{ name, labels, value }] }
}
