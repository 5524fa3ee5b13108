/** Alerts of the target's Prometheus: those that a fault or an action must cause, and that no other fires. */
import type { AlertReaction } from '../domain/alert.ts'
import type { SourcePoint } from '../domain/issue.ts'
import { within } from './name-shapes.ts'
import { duration } from './quantities.ts'
import { may, need, record } from './record.ts'
import { list, placed, type Shape, table, text, whole } from './shape.ts'

// Prometheus accepts any text as the name of a rule. Names with blanks are not supported here.
const alertName = text({ form: 'the name of an alerting rule', example: 'CheckoutErrors', pattern: /^\S{1,200}$/ })
const labelName = { form: 'the name of a label', example: 'severity', pattern: /^[a-zA-Z_][a-zA-Z0-9_]*$/ }

export const alert = record({
  name: need(alertName, "Name of the alerting rule in the target's Prometheus."),
  labels: may(
    table(labelName, text({ form: 'the value of a label', example: 'page' })),
    'Labels that the alert must have; it may have others.',
  ),
  firesWithin: within('Longest time from the injection until it fires. Longer than the `for` of its rule.'),
  resolvesWithin: may(placed(duration()), 'Longest time from the healing until it stops firing.'),
})

type AlertDraft = typeof alert extends Shape<infer T> ? T : never

const others = record({
  allow: may(list(alertName), 'Other alerts that may fire, such as a Watchdog.'),
})

/** `true`, or with a list of exceptions. */
export const noOthers: Shape<typeof others extends Shape<infer T> ? T : never> = {
  schema: { oneOf: [{ const: true }, others.schema] },
  decode: (node, report) =>
    node.kind === 'scalar' && node.value === true ? whole({ allow: undefined }) : others.decode(node, report),
}

/** One for each thing that the alert must do. */
export function alertReactionsOf(at: SourcePoint, draft: AlertDraft): readonly AlertReaction[] {
  const { name, labels, firesWithin, resolvesWithin } = draft
  const of = { alert: name, labels: labels ?? {}, at }
  const fires: AlertReaction = { kind: 'alerts', ...of, withinMs: firesWithin.value }
  return resolvesWithin === undefined ? [fires] : [fires, { kind: 'resolves', ...of, withinMs: resolvesWithin.value }]
}
