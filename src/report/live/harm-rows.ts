/** Faults and actions: asked for, in effect, healed, recovered, or still to come. */
import { type Html, html } from '../escape/html.ts'
import { type DrawnHarm, recoveredAt, triggerWords } from '../harms.ts'
import { cell, plainTable, row, rowHead } from '../sections/markup.ts'
import type { Look } from '../words.ts'
import { clock, inSeconds } from '../words.ts'
import type { Shown } from './panels.ts'

export function harmRows({ seen, judgment, run }: Shown): Html {
  if (seen.harms.length === 0) return html`<p>This rehearsal plans no faults and no actions.</p>`
  const rows = seen.harms.map((harm) => {
    const [words, look] = stateOf(harm, seen.seconds, run !== 'running')
    return row([
      cell(harm.letter),
      rowHead(harm.name),
      cell(harm.what),
      cell(planned(harm)),
      cell(words, look),
      cell(proofOf(harm, seen.zeroAt, judgment.faults)),
      cell(recovery(harm, recoveredAt(harm, judgment))),
    ])
  })
  return plainTable(
    ['letter', 'fault or action', 'what it does', 'planned', 'now', 'witnessed', 'clients recovered'],
    rows,
    'Faults and actions',
  )
}

function planned({ planned: { from, to }, trigger }: DrawnHarm): string {
  if (trigger !== undefined) return `between ${clock(from)} and ${clock(trigger.by)}, when ${trigger.sentence}`
  return `${clock(from)}${to === undefined ? '' : `–${clock(to)}`}`
}

function stateOf(harm: DrawnHarm, now: number, over: boolean): readonly [words: string, look: Look | ''] {
  const began = harm.kind === 'fault' ? 'injected' : 'begun'
  if (harm.healed !== undefined) return [`healed ${clock(harm.healed)}`, 'good']
  if (harm.kept !== undefined) return [`done ${clock(harm.done ?? harm.kept)}, kept`, 'good']
  if (harm.problem !== undefined) return [harm.problem, 'bad']
  if (harm.healing !== undefined) return [`healing since ${clock(harm.healing)}`, 'warn']
  if (harm.begun !== undefined)
    return [`${began} ${clock(harm.begun)}, for ${inSeconds((now - harm.begun) * 1000)}`, 'bad']
  if (harm.requested !== undefined) return [`asked for ${clock(harm.requested)}`, 'warn']
  if (over) return [`never ${began}`, 'warn']
  const waits = triggerWords(harm)
  if (waits !== undefined) return [waits, 'warn']
  return [`in ${clock(Math.max(0, harm.planned.from - now))}`, '']
}

function proofOf(harm: DrawnHarm, zeroAt: number, faults: Shown['judgment']['faults']): string {
  const at = harm.kind === 'fault' ? faults.find((each) => each.fault === harm.name)?.witnessedAt : undefined
  return at === undefined ? '–' : clock((at - zeroAt) / 1000)
}

const recovery = (harm: DrawnHarm, at: number | undefined): string =>
  harm.healed === undefined || at === undefined ? '–' : clock(at)
