/** k6's REST API of a runner, through the API server's proxy. https://grafana.com/docs/k6/latest/reference/k6-rest-api/ */

import { isFields } from '../../../protocols/fields.ts'
import { demand, type KubernetesApi, paths } from '../../../protocols/kubernetes/api.ts'
import { CONTROL_PORT } from './manifests.ts'

export type RunnerControl = {
  /** Whether k6 has its VUs and waits for the start. False while it does not answer yet. */
  isPaused(pod: string): Promise<boolean>
  resume(pod: string): Promise<void>
  /** k6 interrupts its iterations, sends its last metrics and ends with code 103. */
  stop(pod: string): Promise<void>
  /** Performs the script's setup and returns its data. */
  setUp(pod: string): Promise<unknown>
  giveSetup(pod: string, data: unknown): Promise<void>
  tearDown(pod: string): Promise<void>
}

/** k6's own default for setup and teardown. */
const FIXTURE_TIMEOUT_MS = 65_000
const CONTROL_TIMEOUT_MS = 5000

export function controlOf(api: KubernetesApi, namespace: string): RunnerControl {
  const at = (pod: string, path: string) => paths.podProxy(namespace, pod, CONTROL_PORT, `/v1/${path}`)
  const set = async (pod: string, attributes: object): Promise<void> => {
    const body = { data: { type: 'status', id: 'default', attributes } }
    await demand(api, { method: 'PATCH', path: at(pod, 'status'), body, timeoutMs: CONTROL_TIMEOUT_MS })
  }
  return {
    isPaused: async (pod) => {
      const response = await api.request({ method: 'GET', path: at(pod, 'status'), timeoutMs: CONTROL_TIMEOUT_MS })
      const { status, paused } = attributesOf(response.json)
      return response.status === 200 && paused === true && status === PAUSED_BEFORE_RUN
    },
    resume: (pod) => set(pod, { paused: false }),
    stop: (pod) => set(pod, { stopped: true }),
    setUp: async (pod) => {
      const answer = await demand(api, { method: 'POST', path: at(pod, 'setup'), timeoutMs: FIXTURE_TIMEOUT_MS })
      return attributesOf(answer).data
    },
    giveSetup: async (pod, body) => {
      await demand(api, { method: 'PUT', path: at(pod, 'setup'), body, timeoutMs: CONTROL_TIMEOUT_MS })
    },
    tearDown: async (pod) => {
      await demand(api, { method: 'POST', path: at(pod, 'teardown'), timeoutMs: FIXTURE_TIMEOUT_MS })
    },
  }
}

/** lib.ExecutionStatusPausedBeforeRun of k6 2.2. */
const PAUSED_BEFORE_RUN = 4

function attributesOf(json: unknown): Readonly<Record<string, unknown>> {
  const data = isFields(json) ? json.data : undefined
  const attributes = isFields(data) ? data.attributes : undefined
  return isFields(attributes) ? attributes : {}
}
