/**
 * Prometheus' alerting rules with their alerts (prometheus.io/docs/prometheus/latest/querying/api, "Rules"). Times are on Prometheus' clock. Rulers of
 * Thanos, Mimir and VictoriaMetrics answer the same path in the same form.
 */
import type { AlertOfRule, AlertRule, RulesRead } from '../../domain/alert.ts'
import { fieldOf, jsonOf } from './json.ts'

export const RULES_PATH = '/api/v1/rules?type=alert'

export function readRules(status: number, text: string): RulesRead {
  const answer = jsonOf(text)
  const groups = status === 200 ? fieldOf(fieldOf(answer, 'data'), 'groups') : undefined
  if (Array.isArray(groups)) return { ok: true, rules: groups.flatMap(rulesOfGroup) }
  const error = fieldOf(answer, 'error')
  const said = typeof error === 'string' ? error : text.trim()
  return { ok: false, problem: `answered ${status}${said === '' ? '' : `: ${said.slice(0, 300)}`}` }
}

function rulesOfGroup(group: unknown): readonly AlertRule[] {
  const rules = fieldOf(group, 'rules')
  const everyMs = milliseconds(fieldOf(group, 'interval'))
  return Array.isArray(rules) ? rules.flatMap((rule) => ruleOf(rule, everyMs)) : []
}

function ruleOf(rule: unknown, everyMs: number): readonly AlertRule[] {
  const [name, alerts, problem] = [fieldOf(rule, 'name'), fieldOf(rule, 'alerts'), fieldOf(rule, 'lastError')]
  if (typeof name !== 'string' || fieldOf(rule, 'type') !== 'alerting') return []
  const evaluatedAt = timeOf(fieldOf(rule, 'lastEvaluation'))
  return [
    {
      alert: name,
      labels: textsOf(fieldOf(rule, 'labels')),
      everyMs,
      forMs: milliseconds(fieldOf(rule, 'duration')),
      keepMs: milliseconds(fieldOf(rule, 'keepFiringFor')),
      health: String(fieldOf(rule, 'health') ?? 'unknown'),
      ...(typeof problem === 'string' && problem !== '' ? { problem } : {}),
      ...(evaluatedAt === undefined ? {} : { evaluatedAt }),
      alerts: Array.isArray(alerts) ? alerts.flatMap(alertOf) : [],
    },
  ]
}

function alertOf(alert: unknown): readonly AlertOfRule[] {
  const [state, activeAt] = [fieldOf(alert, 'state'), timeOf(fieldOf(alert, 'activeAt'))]
  if ((state !== 'pending' && state !== 'firing') || activeAt === undefined) return []
  return [{ labels: textsOf(fieldOf(alert, 'labels')), state, activeAt }]
}

/** Seconds, as Prometheus gives intervals and durations. */
const milliseconds = (value: unknown): number => (typeof value === 'number' && value > 0 ? Math.round(value * 1000) : 0)

/** Go writes the year 1 for a time that is not set. */
function timeOf(value: unknown): number | undefined {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return at > 0 ? at : undefined
}

const textsOf = (value: unknown): Readonly<Record<string, string>> =>
  typeof value !== 'object' || value === null
    ? {}
    : Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]))
