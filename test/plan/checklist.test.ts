import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { checkRelease } from '../../src/plan/checklist/checklist.ts'
import type { Release } from '../../src/plan/checklist/objects.ts'

type Loose = { kind: string; metadata: { name: string; namespace?: string }; spec: never }

const folder = 'src/platform/manifests/base'
const objects = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
  .flatMap((file) =>
    parseAllDocuments(readFileSync(`${folder}/${file}`, 'utf8')).map((document) => document.toJS() as Loose),
  )
  .filter(({ metadata }) => metadata.namespace === 'casino')

const of = (...kinds: string[]): Loose[] => objects.filter(({ kind }) => kinds.includes(kind))
const reference = (): Release => ({
  workloads: structuredClone(of('Deployment', 'StatefulSet')),
  budgets: structuredClone(of('PodDisruptionBudget')),
  autoscalers: structuredClone(of('HorizontalPodAutoscaler')),
  policies: structuredClone(of('NetworkPolicy')),
})

// biome-ignore lint/suspicious/noExplicitAny: manifests are broken on purpose, in any place
type Any = any
const named = (objects: Any, name: string): Any => objects.find(({ metadata }: Any) => metadata.name === name)
const gateway = (release: Any): Any => named(release.workloads, 'gateway')
const scaler = (release: Any): Any => named(release.autoscalers, 'payments-api')
const pod = (release: Any): Any => gateway(release).spec.template.spec
const container = (release: Any): Any => pod(release).containers[0]

const told = (release: Release): readonly string[] =>
  checkRelease(release).map(({ check, subject, problem }) => `${check} ${subject} ${problem}`)

describe('the release checklist', () => {
  it('looks at every workload of the reference platform', () => {
    expect(reference().workloads.length).toBeGreaterThan(5)
  })

  it.each<[string, (release: Any) => void, string]>([
    [
      'no readiness probe',
      (r) => delete container(r).readinessProbe,
      'probes Deployment/gateway gateway has no readiness probe',
    ],
    [
      'no liveness probe',
      (r) => delete container(r).livenessProbe,
      'probes Deployment/gateway gateway has no liveness probe',
    ],
    ['one replica', (r) => (named(r.workloads, 'bets').spec.replicas = 1), 'replicas Deployment/bets has one replica'],
    ['no budget', (r) => (r.budgets = []), 'budget Deployment/gateway has no PodDisruptionBudget'],
    [
      'a budget that lets no pod go',
      (r) => (r.budgets = r.budgets.map((each: Any) => ({ ...each, spec: { ...each.spec, minAvailable: '100%' } }))),
      'budget Deployment/gateway has a budget that lets no pod go',
    ],
    ['no priority', (r) => delete pod(r).priorityClassName, 'priority Deployment/gateway has no priorityClassName'],
    [
      'no spread',
      (r) => delete pod(r).topologySpreadConstraints,
      'spread Deployment/gateway may stand in one zone only',
    ],
    [
      'a floating image',
      (r) => (container(r).image = 'casino/gateway:latest'),
      'image Deployment/gateway gateway runs casino/gateway:latest',
    ],
    [
      'no requests',
      (r) => delete container(r).resources.requests,
      'resources Deployment/gateway gateway requests no cpu and no memory',
    ],
    [
      'no memory limit',
      (r) => delete container(r).resources.limits,
      'resources Deployment/gateway gateway has no memory limit',
    ],
    ['root', (r) => delete pod(r).securityContext.runAsNonRoot, 'security Deployment/gateway gateway may run as root'],
    [
      'a writable root',
      (r) => (container(r).securityContext.readOnlyRootFilesystem = false),
      'security Deployment/gateway gateway can write its root',
    ],
    [
      'capabilities',
      (r) => delete container(r).securityContext.capabilities,
      'security Deployment/gateway gateway keeps capabilities',
    ],
    [
      'an autoscaler on CPU',
      (r) => (scaler(r).spec.metrics = [{ type: 'Resource', resource: { name: 'cpu' } }]),
      'autoscaling HorizontalPodAutoscaler/payments-api looks at CPU',
    ],
    [
      'an autoscaler without room',
      (r) => (scaler(r).spec.maxReplicas = 1),
      'autoscaling HorizontalPodAutoscaler/payments-api can scale nowhere',
    ],
    ['no default deny', (r) => (r.policies = []), 'network NetworkPolicy no policy denies egress by default'],
  ])('finds %s, which the reference platform does not have', (_, broken, words) => {
    const release = reference()
    expect(told(release).filter((each) => each.startsWith(words))).toEqual([])
    broken(release)
    expect(told(release).filter((each) => each.startsWith(words))).toHaveLength(1)
  })

  it('finds the reference platform in order, but for its database', () => {
    expect(told(reference()).filter((each) => !each.includes('StatefulSet/wallet-db'))).toEqual([])
  })
})
