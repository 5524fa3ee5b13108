/** Rollout `shop` in namespace `shop`: its releases, and how its controller decides about them. A release is a value of the variable RELEASE. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { ClusterClient } from '../../src/lab/cluster-access/cluster.ts'
import type { Json } from '../lab/support/lab-bench.ts'

/** Pods that start within seconds, an analysis of one answer: 15 s on a quiet machine. Errors are asked about again every 10 s, five times. */
export const REACTION = { timeout: 150_000, interval: 500 }

export type RolloutUnderTest = {
  /** Writes a new pod template. Resolves with its hash when the controller has seen it. */
  release(version: string, variables?: Readonly<Record<string, string>>): Promise<string>
  now(): Promise<RolloutState>
  /** @throws with its status if that takes too long */
  untilHealthy(): Promise<void>
  analysis(): Promise<AnalysisState>
  /** What `kubectl argo rollouts promote` sends for a Rollout that an inconclusive analysis has paused. */
  promote(): Promise<void>
  /** Replaces the metrics of the AnalysisTemplate. */
  ask(metric: object): Promise<void>
}

/** `why`: reasons of its pauses. `stable`: hash of the pod template that serves all requests. */
type RolloutState = { phase?: string; aborted: boolean; stable?: string; why: readonly string[] }

/** The newest analysis: its phase, and the answers of the judge. */
type AnalysisState = { phase?: string; answers: readonly string[] }

const ARGO = '/apis/argoproj.io/v1alpha1/namespaces/shop'
const ROLLOUT = `${ARGO}/rollouts/shop`
const SETS = '/apis/apps/v1/namespaces/shop/replicasets'
const HASH = 'rollouts-pod-template-hash'

export function rolloutUnderTest(cluster: ClusterClient): RolloutUnderTest {
  const rollout = (): Promise<Json> => cluster.get(ROLLOUT)
  const hashOf = async (version: string): Promise<string | undefined> => {
    const { items }: Json = await cluster.get(SETS)
    return items.find(({ spec }: Json) => versionOf(spec) === version)?.metadata.labels[HASH]
  }
  return {
    release: async (version, variables = {}) => {
      const [web] = (await rollout()).spec.template.spec.containers
      const env = Object.entries({ RELEASE: version, ...variables }).map(([name, value]) => ({ name, value }))
      // A merge patch replaces the whole list of containers.
      await cluster.merge(ROLLOUT, { spec: { template: { spec: { containers: [{ ...web, env }] } } } })
      await expect.poll(() => hashOf(version), REACTION).toBeTruthy()
      return (await hashOf(version)) ?? ''
    },
    now: async () => stateOf(await rollout()),
    untilHealthy: () => untilHealthy(rollout),
    analysis: async () => newest((await cluster.get(`${ARGO}/analysisruns`)) as Json),
    promote: async () => {
      const { status } = await rollout()
      const to = { pauseConditions: null, controllerPause: false, currentStepIndex: status.currentStepIndex + 1 }
      await cluster.merge(`${ROLLOUT}/status`, { status: to })
    },
    ask: async (metric) =>
      void (await cluster.merge(`${ARGO}/analysistemplates/matchday`, { spec: { metrics: [metric] } })),
  }
}

async function untilHealthy(rollout: () => Promise<Json>): Promise<void> {
  const deadline = performance.now() + REACTION.timeout
  for (;;) {
    const { status } = await rollout()
    if (status?.phase === 'Healthy') return
    if (performance.now() > deadline) throw new Error(`the Rollout is not healthy: ${JSON.stringify(status)}`)
    await sleep(REACTION.interval)
  }
}

const versionOf = (spec: Json): string => spec.template.spec.containers[0].env[0].value

/** Without a status the controller has not seen the Rollout yet. */
const stateOf = ({ status = {} }: Json): RolloutState => ({
  phase: status.phase,
  aborted: status.abort === true,
  stable: status.stableRS,
  why: (status.pauseConditions ?? []).map(({ reason }: Json) => reason),
})

function newest({ items }: Json): AnalysisState {
  const [run] = items.toSorted((a: Json, b: Json) => revisionOf(b) - revisionOf(a))
  const [result] = run?.status?.metricResults ?? []
  return {
    phase: run?.status?.phase,
    answers: (result?.measurements ?? []).flatMap(({ value }: Json) => (value === undefined ? [] : JSON.parse(value))),
  }
}

const revisionOf = ({ metadata }: Json): number => Number(metadata.annotations['rollout.argoproj.io/revision'])
