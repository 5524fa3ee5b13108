import { describe, expect } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import { ratio } from '../../../src/domain/units.ts'
import { createBlocks } from '../../../src/judge/blocks/blocks.ts'
import { ZERO } from '../../support/evidence.ts'
import { blockPlan, blockRecords } from '../../support/evidence-blocks.ts'
import { it, noted } from '../../support/reviewed.ts'

const quiet = (n: number) => ({ deposit: { histogram: [[n < 5 ? 800 : 100, 22]] as const, bad: n === 10 ? 2 : 0 } })

function seen(records: readonly Evidence[]) {
  const fold = createBlocks()
  for (const record of records) fold.add(record)
  noted(fold.all())
  return fold
}

describe('a block', () => {
  it('counts only after it has settled', () => {
    const [result] = seen(blockRecords(blockPlan('p1-a', 'a', 1), ZERO, quiet)).all()
    expect(result).toMatchObject({ block: 'p1-a', of: 'a', pair: 1, state: 'measured', reasons: [] })
    expect(result?.slis.deposit).toEqual({
      good: 30 * 22,
      bad: 2,
      slow: 0,
      overCeiling: 0,
      dropped: 0,
      histogram: [[100, 30 * 22]],
    })
  })

  it('is kept apart from a block that runs at the same time', () => {
    const [a, b] = [blockPlan('p1-a', 'a', 1), blockPlan('p1-b', 'b', 1)]
    const records = [
      ...blockRecords(a, ZERO, () => ({ deposit: { histogram: [[100, 22]] } })),
      ...blockRecords(b, ZERO + 300, () => ({ deposit: { histogram: [[200, 11]] } })),
    ].sort((x, y) => x.at - y.at)
    const fold = seen(records)
    expect(fold.of('p1-a')?.slis.deposit?.histogram).toEqual([[100, 660]])
    expect(fold.of('p1-b')?.slis.deposit?.histogram).toEqual([[200, 330]])
  })

  it('counts nothing twice when the counters restart in the next block', () => {
    const records = [
      ...blockRecords(blockPlan('p1-a', 'a', 1), ZERO, quiet),
      ...blockRecords(blockPlan('p1-b', 'b', 1), ZERO + 40_000, quiet),
    ]
    expect(seen(records).of('p1-b')?.slis.deposit?.good).toBe(660)
  })

  it.each([
    [
      'its load generator crashed',
      { outcome: 'crashed' as const },
      'its load generator crashed: k6 was killed by SIGKILL',
    ],
    ['arrivals never ran', { dropped: 30 }, 'its load generator was starved: 30 of 840 arrivals of login never ran'],
  ])('is void when %s', (_, changes, reason) => {
    const result = seen(blockRecords(blockPlan('p1-a', 'a', 1), ZERO, quiet, changes)).of('p1-a')
    expect(result).toMatchObject({ state: 'void' })
    expect(result?.reasons[0]).toBe(reason)
  })

  it('is void when the generator was silent for more than three seconds', () => {
    const records = blockRecords(blockPlan('p1-a', 'a', 1), ZERO, quiet)
    const silent = records.filter(({ kind, at }) => kind !== 'load-frame' || at <= ZERO + 12_000 || at > ZERO + 16_000)
    expect(seen(silent).of('p1-a')?.reasons).toEqual(['its load generator reported nothing for 5.0 s'])
    const short = records.filter(({ kind, at }) => kind !== 'load-frame' || at <= ZERO + 12_000 || at > ZERO + 14_000)
    expect(seen(short).of('p1-a')?.reasons).toEqual([])
  })

  it('runs until its end is recorded, and is void if it has no frame', () => {
    const records = blockRecords(blockPlan('p1-a', 'a', 1), ZERO, quiet)
    expect(seen(records.slice(0, -1)).of('p1-a')?.state).toBe('running')
    const blind = records.filter(({ kind }) => kind !== 'load-frame')
    expect(seen(blind).of('p1-a')?.reasons).toContain('nothing was measured in it')
  })

  it('says that the machine was full for most of the measured time', () => {
    const of = (hostBusy: number) =>
      seen(blockRecords(blockPlan('p1-a', 'a', 1), ZERO, quiet, { hostBusy })).of('p1-a')?.machineFull
    expect([of(0.5), of(0.97)]).toEqual([false, true])
  })

  it.each([
    ['a hundredth of its arrivals never ran', 8, []],
    ['more of them never ran', 9, ['its load generator was starved: 9 of 840 arrivals of login never ran']],
  ])('where %s', (_, dropped, reasons) => {
    const result = seen(blockRecords(blockPlan('p1-a', 'a', 1), ZERO, quiet, { dropped })).of('p1-a')
    expect(result?.reasons.filter((reason) => reason.includes('login'))).toEqual(reasons)
  })

  it.each([
    ['for half of the measured time', 15, 0.95, false],
    ['for a second more', 16, 0.95, true],
    ['a little less than full', 30, 0.949, false],
  ])('on a machine that is full %s', (_, full, hostBusy, machineFull) => {
    const from = ZERO + 5000
    const records = blockRecords(blockPlan('p1-a', 'a', 1), ZERO, quiet).map((record) => {
      if (record.kind !== 'generator-health') return record
      // What the machine did while the block settled does not count.
      const isFull = record.at <= from || record.at <= from + full * 1000
      return { ...record, hostBusy: ratio(isFull ? hostBusy : 0.5) }
    })
    expect(seen(records).of('p1-a')?.machineFull).toBe(machineFull)
  })

  it('that was stopped says so, and nothing of its arrivals', () => {
    const records = blockRecords(blockPlan('p1-a', 'a', 1), ZERO, quiet, { dropped: 30 }).map((record) =>
      record.kind === 'block-ended' ? { ...record, outcome: 'stopped' as const, problems: [] } : record,
    )
    expect(seen(records).of('p1-a')?.reasons).toEqual(['its load generator was stopped'])
  })
})
