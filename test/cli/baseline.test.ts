import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { performed } from '../support/command.ts'
import { evidence, mapped, toBad } from '../support/evidence.ts'
import { journalText } from '../support/journal-text.ts'
import { later, store } from '../support/stored.ts'
import { tempFolder } from '../support/temp-folder.ts'

const DAY = 86_400_000
const passed = evidence()
const failed = evidence({ load: (second, load) => second > 95 && second < 120 && toBad(load.login, 9) })

/** The same run with all latencies longer. It still passes. */
const slower = (records: readonly Evidence[], factor: number): Evidence[] =>
  mapped(records, 'load-frame', (frame) => ({
    ...frame,
    slis: Object.fromEntries(
      Object.entries(frame.slis).map(([name, sli]) => [
        name,
        { ...sli, histogram: sli.histogram.map(([bound, count]) => [bound * factor, count] as const) },
      ]),
    ),
  }))

/** A run of the n-th day after the first. */
const dayOf = (reports: string, day: number, records: readonly Evidence[] = passed): string =>
  store(reports, `psp-down-at-peak-202609${21 + day}-141320`, later(records, day * DAY))

const bench = () => {
  const [reports, cache] = [tempFolder(), join(tempFolder(), 'baseline')]
  const kept = () => (existsSync(cache) ? readdirSync(cache).map((name) => name.slice(-15, -7)) : []).sort()
  const compare = (...words: readonly string[]) => performed('compare', '--baseline', cache, ...words)
  return { reports, cache, kept, compare }
}

describe('a baseline', () => {
  it('is started by the first good run, whose comparison is inconclusive', async () => {
    const { reports, cache, kept, compare } = bench()
    const { code, stderr } = await compare('--keep', '3', dayOf(reports, 0))
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('holds no run of psp-down-at-peak') })
    expect(stderr).toContain('psp-down-at-peak-20260921-141320 was added.')
    expect(kept()).toEqual(['20260921'])
    expect(readdirSync(join(cache, 'psp-down-at-peak-20260921-141320'))).toEqual(['journal.ndjson'])
  })

  it('keeps the newest runs, and compares each run with those before it', async () => {
    const { reports, kept, compare } = bench()
    for (const day of [0, 1, 2]) await compare('--keep', '3', '-q', dayOf(reports, day))
    const { code, stdout, stderr } = await compare('--keep', '3', '--output', 'json', dayOf(reports, 3))
    expect(code).toBe(3)
    expect(JSON.parse(stdout).a.runs).toHaveLength(3)
    expect(kept()).toEqual(['20260922', '20260923', '20260924'])
    expect(stderr).toContain('psp-down-at-peak-20260921-141320 was removed.')
  })

  it('is compared by its newest runs if it has more of them than the new release', async () => {
    const { reports, cache, compare } = bench()
    for (const [day, factor] of [3, 2, 1].entries()) dayOf(cache, day, slower(passed, factor))
    const { stdout } = await compare('--output', 'json', dayOf(reports, 3))
    const [latency] = JSON.parse(stdout).objectives.filter(({ kind }: { kind: string }) => kind === 'latency')
    expect(latency).toMatchObject({ pairs: 1, estimate: 1 })
  })

  it('is not changed by the same run again, and a run is not compared with itself', async () => {
    const { reports, kept, compare } = bench()
    for (const day of [0, 1]) await compare('--keep', '3', dayOf(reports, day))
    const { stdout } = await compare('--keep', '3', '--output', 'json', dayOf(reports, 1))
    expect(JSON.parse(stdout).a.runs).toEqual(['psp-down-at-peak-20260921-141320'])
    expect(kept()).toEqual(['20260921', '20260922'])
  })

  it('accepts only runs that passed', async () => {
    const { reports, kept, compare } = bench()
    await compare('--keep', '3', dayOf(reports, 0))
    const { stderr } = await compare('--keep', '3', dayOf(reports, 1, failed))
    expect(stderr).toContain('was not added: its verdict is fail.')
    expect(kept()).toEqual(['20260921'])
  })

  it('refuses a run whose name is a path out of the folder', async () => {
    const { reports, cache, kept, compare } = bench()
    const folder = dayOf(reports, 0)
    const evil = passed.map((record) => (record.kind === 'run-started' ? { ...record, run: '../evil' } : record))
    writeFileSync(join(folder, 'journal.ndjson'), journalText(evil))
    const { stderr } = await compare('--keep', '3', folder)
    expect(stderr).toContain('../evil was not added')
    expect([kept(), existsSync(join(cache, '..', 'evil'))]).toEqual([[], false])
  })

  it('does not accept a release that is worse, although its runs pass', async () => {
    const { reports, cache, kept, compare } = bench()
    const noise = [1, 1.01, 0.99, 1.02, 0.98, 1]
    for (const [day, factor] of noise.entries()) dayOf(cache, day, slower(passed, factor))
    const b = noise.map((factor, day) =>
      store(
        reports,
        `psp-down-at-peak-202610${11 + day}-141320`,
        later(slower(passed, factor * 1.5), (20 + day) * DAY),
      ),
    )
    const { code, stderr } = await compare('--keep', '9', ...b)
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('nothing was added: B is worse.') })
    expect(kept()).toHaveLength(6)
  })

  it('may hold runs of other rehearsals, which are not compared or counted', async () => {
    const { reports, cache, kept, compare } = bench()
    const other = mapped(passed, 'run-started', (head) => ({
      ...head,
      rehearsal: { ...head.rehearsal, name: 'derby-day' },
    }))
    store(cache, 'derby-day-20260920-141320', other)
    for (const day of [0, 1]) await compare('--keep', '1', dayOf(reports, day))
    expect(kept()).toEqual(['20260920', '20260922'])
  })

  it('never removes a folder that holds more than a journal', async () => {
    const { reports, cache, kept, compare } = bench()
    writeFileSync(join(dayOf(cache, 0), 'report.html'), 'mine')
    const { stderr } = await compare('--keep', '1', dayOf(reports, 1))
    expect(stderr).toContain('was left: it holds more than a journal (report.html).')
    expect(kept()).toEqual(['20260921', '20260922'])
  })

  it.each([
    ['without --keep', []],
    ['with --quiet', ['--keep', '2', '--quiet']],
  ])('is read only, or changed without a message, %s', async (_, words) => {
    const { reports, cache, kept, compare } = bench()
    dayOf(cache, 0)
    const { code, stderr } = await compare(...words, dayOf(reports, 1))
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
    expect(kept()).toHaveLength(words.length === 0 ? 1 : 2)
  })
})

describe('a baseline is refused', () => {
  it.each([
    ['that is not there', [], 'there is no folder'],
    ['of no runs', ['--keep', '0'], '--keep must be at least 1'],
    ['of half a run', ['--keep', '1.5'], 'a number of runs'],
  ])('%s', async (_, words, problem) => {
    const { reports, compare } = bench()
    const { code, stderr } = await compare(...words, dayOf(reports, 0))
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(problem) })
  })

  it('if it is the reports folder itself, because its other runs would be removed', async () => {
    const reports = tempFolder()
    const [first, second] = [dayOf(reports, 0), dayOf(reports, 1)]
    const { code, stderr } = await performed('compare', second, '--baseline', reports, '--keep', '1')
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('the folder of the run itself') })
    expect(existsSync(first)).toBe(true)
  })

  it('together with a rehearsal, and --keep without one', async () => {
    const stock = 'scenarios/psp-down-at-peak.rehearsal.yaml'
    expect((await performed('compare', stock, '--baseline', tempFolder())).stderr).toContain('it holds stored runs')
    expect((await performed('compare', 'a', 'b', '--keep', '2')).stderr).toContain('Add --baseline FOLDER.')
  })
})
