/** One reading of the alerts of a Prometheus as a record: every alert that is pending or fires, and how the rules that the rehearsal names are. */
import { type ActiveAlert, type AlertRule, type AlertsRead, expectedAlerts, type RuleHealth } from '../domain/alert.ts'
import type { PrometheusTarget, Rehearsal } from '../domain/rehearsal.ts'
import { instant } from '../domain/units.ts'
import type { Clock, Probes } from './ports.ts'

export function createAlertReader(
  { probes, clock }: { readonly probes: Probes; readonly clock: Clock },
  rehearsal: Rehearsal,
  prometheus: PrometheusTarget,
): () => Promise<readonly AlertsRead[]> {
  const named = expectedAlerts(rehearsal)
  return async () => {
    const read = await probes.rules(prometheus)
    const at = clock.now()
    if (!read.ok) return [{ kind: 'alerts-read', at, ok: false, problem: read.problem }]
    const rules = read.rules.filter(({ alert }) => named.has(alert)).map(healthOf)
    return [{ kind: 'alerts-read', at, ok: true, active: read.rules.flatMap(activeOf), rules }]
  }
}

const activeOf = ({ alert, alerts }: AlertRule): readonly ActiveAlert[] =>
  alerts.map(({ labels: { alertname: _, ...labels }, state, activeAt }) => ({
    alert,
    labels,
    state,
    activeAt: instant(activeAt),
  }))

const healthOf = ({ alert, health, problem, evaluatedAt }: AlertRule): RuleHealth => ({
  alert,
  health,
  ...(evaluatedAt === undefined ? {} : { evaluatedAt: instant(evaluatedAt) }),
  ...(problem === undefined ? {} : { problem }),
})
