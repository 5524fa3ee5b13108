/** The plan as a Gantt chart, on top of everything: phases, then each fault and action as planned (outline) and as it really was. */
import type { ActionStep, EvidenceOf } from '../../domain/evidence.ts'
import type { Chart, ChartRow, Span, Tick } from '../chart.ts'
import { biteOf, type DrawnHarm, recoveredAt } from '../harms.ts'
import type { Drawing, LaneOf } from '../lane.ts'
import { clock, counted, inSeconds } from '../words.ts'

export const planLane: LaneOf = () => {
  const refused: { readonly action: string; readonly tick: Tick }[] = []
  const stops: Tick[] = []
  return {
    take: {
      'action-step': ({ action, step }: ActionStep, at) => {
        if (step.is === 'eviction-refused')
          refused.push({ action, tick: { at, look: 'bad', text: `eviction of ${step.pod} refused` } })
      },
      'guardrail-tripped': (record: EvidenceOf<'guardrail-tripped'>, at) => {
        stops.push({ at, look: 'bad', text: `guardrail ${record.id} tripped` })
      },
      'stop-requested': ({ by, reason }, at) => {
        stops.push({ at, look: 'bad', text: `stopped by ${by}: ${reason}` })
      },
    },
    charts: (drawing) => [chartOf(drawing, refused, stops)],
  }
}

function chartOf(drawing: Drawing, refused: readonly { action: string; tick: Tick }[], stops: readonly Tick[]): Chart {
  const phases: ChartRow = {
    name: 'phases',
    spans: drawing.phases
      .filter(({ from }) => from < drawing.axis)
      .map(({ name, from, to }) => ({ from, to: Math.min(to, drawing.axis), look: 'phase', text: name })),
  }
  const rows = drawing.harms.map((harm) =>
    harmRow(
      harm,
      drawing,
      refused.filter((each) => harm.kind === 'action' && each.action === harm.name).map((each) => each.tick),
    ),
  )
  const ended: readonly ChartRow[] = stops.length === 0 ? [] : [{ name: 'stops', ticks: stops }]
  return {
    id: 'plan',
    title: 'Plan and what became of it',
    unit: 'outline: planned, filled: as it was',
    caption: sentence(drawing),
    lines: [],
    limits: [],
    rows: [phases, ...rows, ...ended],
  }
}

function sentence({ phases, harms, seconds, axis }: Drawing): string {
  const each = harms.map((harm) => {
    const bite = biteOf(harm, seconds)
    const words = `${harm.letter} ${harm.name}`
    if (bite === undefined) return `${words} ${axis > seconds ? 'has not begun' : 'never began'}`
    if (axis > seconds && harm.healed === undefined) return `${words} from ${clock(bite[0])}`
    if (harm.healed === undefined && harm.lasts) return `${words} from ${clock(bite[0])}, never healed`
    return `${words} from ${clock(bite[0])} to ${clock(bite[1])}`
  })
  return `${counted(phases.length, 'phase')}${each.length === 0 ? '' : `; ${each.join('; ')}`}.`
}

function harmRow(harm: DrawnHarm, drawing: Drawing, refused: readonly Tick[]): ChartRow {
  const { axis } = drawing
  const spans = [plannedSpan(harm, axis), ...realSpans(harm, drawing)]
    .filter((span) => span.to > span.from && span.from < axis)
    .map((span) => ({ ...span, to: Math.min(span.to, axis), quiet: true as const }))
  return {
    name: `${harm.letter} ${harm.name}`,
    spans,
    ticks: [...refused, ...witnessTick(harm, drawing.judgment)],
    words: endOf(harm, drawing),
  }
}

function endOf(harm: DrawnHarm, { seconds, axis, judgment }: Drawing): string {
  const bite = biteOf(harm, seconds)
  if (bite === undefined && harm.problem === undefined && axis > seconds) return harm.what
  if (bite === undefined) return `${harm.what}: ${harm.problem ?? 'never began'}`
  const recovered = recoveredAt(harm, judgment)
  const later = recovered === undefined ? 0 : recovered - bite[1]
  return later > 0 ? `${harm.what}; recovered ${inSeconds(later * 1000)} after it` : harm.what
}

function plannedSpan({ planned, lasts }: DrawnHarm, seconds: number): Span {
  return { from: planned.from, to: planned.to ?? (lasts ? seconds : planned.from), look: 'planned', text: 'planned' }
}

/** Requested, then in effect, then what remains: a fault being healed, an action held until its undo, and the recovery. */
function realSpans(harm: DrawnHarm, { seconds, judgment }: Drawing): readonly Span[] {
  const bite = biteOf(harm, seconds)
  if (bite === undefined) return []
  const [from, to] = bite
  const middle = Math.min(to, (harm.kind === 'fault' ? harm.healing : harm.done) ?? to)
  const edge = harm.kind === 'fault' ? 'fault-edge' : 'action-edge'
  return [
    { from: harm.requested ?? from, to: from, look: edge, text: 'asked for' },
    { from, to: middle, look: harm.kind, pattern: harm.pattern, text: harm.what },
    { from: middle, to, look: edge, text: harm.kind === 'fault' ? 'healing' : 'held until undone' },
    { from: to, to: recoveredAt(harm, judgment) ?? to, look: 'tail', text: 'recovery' },
  ]
}

function witnessTick(harm: DrawnHarm, { faults }: Drawing['judgment']): readonly Tick[] {
  const result = harm.kind === 'fault' ? faults.find((each) => each.fault === harm.name) : undefined
  if (result?.witnessedAt === undefined || result.injectedAt === undefined || harm.begun === undefined) return []
  const at = harm.begun + (result.witnessedAt - result.injectedAt) / 1000
  return [{ at, look: 'neutral', text: `witnessed: ${result.witness.sentence}` }]
}
