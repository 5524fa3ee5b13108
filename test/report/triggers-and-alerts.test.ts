import { describe, expect, it } from 'vitest'
import type { ActiveAlert } from '../../src/domain/alert.ts'
import type { Evidence, TriggerStep } from '../../src/domain/evidence.ts'
import { millis } from '../../src/domain/units.ts'
import { judge } from '../../src/judge/judge.ts'
import { annotations } from '../../src/report/annotations.ts'
import { htmlReport } from '../../src/report/html.ts'
import { junitReport } from '../../src/report/junit.ts'
import { markdownReport } from '../../src/report/markdown.ts'
import { createViewing } from '../../src/report/view.ts'
import { evidence, mapped, rehearsal, secondAt, together, without } from '../support/evidence.ts'

const at = { file: 'x.rehearsal.yaml', line: 42, column: 5 }

function sectionOf(id: string, records: readonly Evidence[]): string {
  const view = createViewing()
  for (const record of records) view.add(record)
  const seen = view.result()
  if (!seen) throw new Error('nothing to see')
  const html = htmlReport(judge(records), seen)
  return html.slice(html.indexOf(`<section id="${id}">`)).split('</section>')[0] ?? ''
}

describe('a triggered fault', () => {
  const [fault] = rehearsal.faults
  if (fault === undefined) throw new Error('the stock run has a fault')
  const trigger = { kind: 'autoscaler', autoscaler: '<orders>', at } as const
  const waits = { ...rehearsal, faults: [{ ...fault, when: { trigger } }] }
  const head = mapped(evidence({ rehearsal: waits }), 'run-started', (record) => {
    const [planned] = record.timeline.faults
    if (planned === undefined) throw new Error('the stock run has a fault')
    return {
      ...record,
      timeline: { ...record.timeline, faults: [{ ...planned, trigger: { trigger, byMs: millis(75_000) } }] },
    }
  })
  const step = (second: number, data: TriggerStep): Evidence => ({
    kind: 'fault-step',
    at: secondAt(second),
    fault: fault.name,
    step: data,
  })
  const armed = step(35, { is: 'armed', note: 'nothing was read of it' })

  it('says when its trigger was armed and fired, and what was read', () => {
    const fired = step(65, { is: 'triggered', note: '<orders> wants 5 pods', readAt: secondAt(65) })
    const section = sectionOf('faults', together(head, [armed, fired]))
    expect(section).toContain('armed 0:35, triggered 1:05: &#60;orders&#62; wants 5 pods')
  })

  it('says when its trigger was missed, and that it was not performed', () => {
    const missed = step(75, { is: 'trigger-missed', note: 'nothing was read of it' })
    const section = sectionOf('faults', together(without(head, 'fault-step'), [armed, missed]))
    expect(section).toContain('armed 0:35, missed 1:15; the last reading: nothing was read of it')
    expect(section).toContain('? not performed')
  })
})

describe('alerts', () => {
  const others = { kind: 'no-other-alerts', allow: ['Watchdog'], at } as const
  const asking = { ...rehearsal, expectations: [...rehearsal.expectations, others] }
  const firing = (alert: string): ActiveAlert => ({
    alert,
    labels: { disk: '<sda>' },
    state: 'firing',
    activeAt: secondAt(0),
  })
  const reads = Array.from({ length: 84 }, (_, index): Evidence => {
    const second = -5 + index * 2
    const active = [
      ...(second > 20 ? [firing('Watchdog')] : []),
      ...(second >= 31 && second < 51 ? [firing('DiskFull')] : []),
    ]
    return { kind: 'alerts-read', at: secondAt(second), ok: true, active, rules: [] }
  })
  const records = together(evidence({ rehearsal: asking }), reads)
  const judgment = judge(records)

  it('are rows of the page, with their times and whether somebody expected them', () => {
    const section = sectionOf('alerts', records)
    expect(section).toMatch(/DiskFull.*disk=&#60;sda&#62;.*0:31.*0:51.*✗ not expected/)
    expect(section).toMatch(/Watchdog.*0:21.*not in the run.*allowed/)
  })

  it('are lines of the Markdown', () => {
    expect(markdownReport(judgment)).toMatch(/DiskFull.* fired .*, resolved .*not expected/)
  })

  it('that nobody expected are a failed test case and an annotation at its line', () => {
    expect(junitReport(judgment, asking)).toMatch(/no other alert fires"[^>]*>\s*<failure[^>]*type="alert-unexpected"/)
    const lines = annotations(judgment, asking).map(({ text }) => text)
    expect(lines.find((line) => line.includes('alert-unexpected'))).toMatch(/file=x\.rehearsal\.yaml,line=42/)
  })
})
