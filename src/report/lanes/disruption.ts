/** Disruption budgets: how many more pods each allows to be disrupted, as steps, and each eviction that was granted or refused. */
import type { BudgetSeen } from '../../domain/cluster.ts'
import type { ActionStep, ObjectSeen } from '../../domain/evidence.ts'
import { type ChartRow, lowest, type Point, step, type Tick } from '../chart.ts'
import type { Drawing, LaneOf } from '../lane.ts'
import { counted } from '../words.ts'

export const disruptionLane: LaneOf = ({ rehearsal }) => {
  const expected = new Set(rehearsal.expectations.flatMap((each) => (each.kind === 'disruption' ? [each.budget] : [])))
  const allowed = new Map<string, Point[]>()
  const granted: Tick[] = []
  const refused: Tick[] = []
  return {
    take: {
      'object-seen': ({ object, change }: ObjectSeen, at) => {
        if (object.resource === 'PodDisruptionBudget' && change !== 'deleted') takeBudget(allowed, object, at)
      },
      'action-step': ({ step: seen }: ActionStep, at) => {
        if (seen.is === 'evicted') granted.push({ at, look: 'good', text: `${seen.pod} evicted`, share: 0.6 })
        if (seen.is === 'eviction-refused')
          refused.push({ at, look: 'bad', text: `${seen.pod} refused: ${seen.problem}` })
      },
    },
    charts: ({ seconds }: Drawing) => {
      // Budgets that never changed and that no expectation names are left out.
      const shown = [...allowed].filter(([name, points]) => expected.has(name) || points.length > 1)
      if (shown.length === 0 && granted.length + refused.length === 0) return []
      return [
        {
          id: 'disruption',
          title: 'Disruption budgets',
          unit: 'disruptions allowed',
          caption: sentence(shown, granted.length, refused, seconds),
          lines: [],
          limits: [],
          rows: [
            ...shown.map(([name, steps]): ChartRow => ({ name, steps, noneIsBad: true })),
            ...evictions(granted, refused),
          ],
        },
      ]
    },
  }
}

function takeBudget(allowed: Map<string, Point[]>, budget: BudgetSeen, at: number): void {
  const points = allowed.get(budget.name) ?? []
  allowed.set(budget.name, points)
  step(points, at, budget.allowed)
}

const evictions = (granted: readonly Tick[], refused: readonly Tick[]): readonly ChartRow[] => [
  ...(granted.length === 0 ? [] : [{ name: 'evicted', ticks: granted }]),
  ...(refused.length === 0 ? [] : [{ name: 'refused', ticks: refused }]),
]

function sentence(
  shown: readonly (readonly [string, readonly Point[]])[],
  granted: number,
  refused: readonly Tick[],
  seconds: number,
): string {
  const spent = shown.filter(([, points]) => lowest(points.filter(([at]) => at <= seconds)) <= 0).map(([name]) => name)
  const budgets =
    spent.length === 0 ? 'No budget was ever spent' : `At times ${spent.join(', ')} allowed no more disruption`
  const asked =
    granted + refused.length === 0
      ? ''
      : ` ${counted(granted, 'pod')} evicted, ${counted(refused.length, 'eviction')} refused.`
  return `${budgets}.${asked}`
}
