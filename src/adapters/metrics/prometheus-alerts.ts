/** The alerting rules of a Prometheus, read once. Never throws: what cannot be read is data. */
import type { RulesRead } from '../../domain/alert.ts'
import type { PrometheusTarget } from '../../domain/rehearsal.ts'
import { messageOf } from '../../domain/unknown.ts'
import type { KubernetesApi } from '../../protocols/kubernetes/api.ts'
import { RULES_PATH, readRules } from '../../protocols/prometheus/rules.ts'
import { askPrometheus } from './prometheus-server.ts'

export const prometheusRules =
  (api: KubernetesApi) =>
  async (prometheus: PrometheusTarget): Promise<RulesRead> => {
    try {
      const { status, text } = await askPrometheus(api, prometheus, RULES_PATH)
      return readRules(status, text)
    } catch (error) {
      return { ok: false, problem: messageOf(error) }
    }
  }
