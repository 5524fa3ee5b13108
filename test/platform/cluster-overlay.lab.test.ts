/** The overlay for clusters of users, rendered by kubectl's own kustomize: one file of settings, and the digests of built images. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { findTool } from '../../src/cli/tools.ts'
import { renderManifests } from '../../src/lab/workload/render.ts'
import { readWorkload } from '../../src/lab/workload/workload.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests read rendered objects freely
type Any = any

const settings = {
  ingressClass: 'traefik',
  ingressNamespace: 'traefik-system',
  monitoringNamespace: 'observability',
  controlPlaneRange: '192.0.2.0/24',
}
const digest = `sha256:${'7'.repeat(64)}`

let objects: readonly Any[] = []
const of = (kind: string, name?: string): readonly Any[] =>
  objects.filter((each) => each.kind === kind && (name === undefined || each.metadata.name === name))

/** As docs/how-to/run-the-reference-platform.md says: a copy, edited settings, and the component of the images. */
async function rendered(folder: string): Promise<readonly Any[]> {
  cpSync('src/platform/manifests', join(folder, 'manifests'), { recursive: true })
  const file = join(folder, 'manifests/cluster/settings.yaml')
  const map = parse(readFileSync(file, 'utf8'))
  writeFileSync(file, stringify({ ...map, data: settings }))
  mkdirSync(join(folder, 'images'))
  const names = [...readWorkload('src/platform').images.map(({ name }) => name), 'matchday/postgres']
  const images = names.map((name) => ({ name, newName: `registry.example.com/${name}`, digest }))
  writeFileSync(
    join(folder, 'images/kustomization.yaml'),
    stringify({ apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component', images }),
  )
  const kubectl = await findTool('kubectl', new AbortController().signal)
  return renderManifests(kubectl.path, join(folder, 'manifests/cluster'), [join(folder, 'images')])
}

const folder = mkdtempSync(join(tmpdir(), 'md-overlay-'))
beforeAll(async () => {
  objects = await rendered(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('is rendered with the settings of one file', () => {
  const { data } = parse(readFileSync('src/platform/manifests/cluster/settings.yaml', 'utf8'))
  expect(Object.keys(data)).toEqual(Object.keys(settings))
  expect(of('Ingress').map(({ spec }) => spec.ingressClassName)).toEqual(['traefik', 'traefik'])
  const peersOf = (name: string) =>
    of('NetworkPolicy', name).map(({ spec }) => spec.ingress[0].from.slice(0, name === 'monitoring' ? 2 : 1))
  const namespace = (name: string) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } })
  const readers = [namespace('observability'), { ipBlock: { cidr: '192.0.2.0/24' } }]
  expect(peersOf('monitoring')).toEqual([readers, readers])
  for (const name of ['gateway', 'realtime']) expect(peersOf(name)).toEqual([[namespace('traefik-system')]])
  // It is a file for kustomize, and no object of the cluster.
  expect(of('ConfigMap', 'cluster-settings')).toEqual([])
})

it('names only images that are built, by their digests', () => {
  const workloads = [...of('Deployment'), ...of('StatefulSet')]
  const images = workloads.map(({ spec }) => spec.template.spec.containers[0].image)
  expect(images.length).toBeGreaterThan(12)
  expect(images.filter((image) => !/^registry\.example\.com\/.+@sha256:7{64}$/.test(image))).toEqual([])
})

it('asks for what three nodes of 4 cores have, with two pods of everything that a zone may take', () => {
  const cores = of('Deployment').map(({ spec }) => {
    const { cpu } = spec.template.spec.containers[0].resources.requests
    return (spec.replicas * Number.parseInt(cpu, 10)) / 1000
  })
  expect(cores.reduce((sum, each) => sum + each, 0)).toBeLessThan(3)
  const single = of('Deployment').filter(({ spec }) => spec.replicas < 2)
  expect(single.map(({ metadata }) => metadata.name)).toEqual(['payout-worker'])
})

it('has a rule of prometheus-adapter for each metric of an autoscaler, and begins at the minimum', () => {
  const scalers = of('HorizontalPodAutoscaler')
  const wanted = scalers.flatMap(({ spec }) => spec.metrics.map(({ pods }: Any) => pods.metric.name))
  const { rules } = parse(readFileSync('src/platform/manifests/cluster/prometheus-adapter.yaml', 'utf8'))
  expect(wanted).toHaveLength(3)
  expect(rules.custom.map(({ name }: Any) => name.as).sort()).toEqual(wanted.toSorted())
  for (const { metadata, spec } of scalers)
    expect([metadata.name, of('Deployment', metadata.name)[0].spec.replicas]).toEqual([metadata.name, spec.minReplicas])
})
