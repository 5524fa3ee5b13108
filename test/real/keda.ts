/** KEDA as its own manifests install it, with images of the programs that the toolchain has built. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { findTool, kedaTools } from '../../src/cli/tools.ts'
import { renderManifests } from '../../src/lab/workload/render.ts'
import type { RealCluster } from './cluster.ts'
import { programImage } from './program-image.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests read and write objects freely
type Any = any

const USER = '65532:65532'
const TAG = 'real'

export type KedaFiles = { readonly archives: readonly string[]; readonly objects: string }

/** Writes below `folder`. */
export async function keda(folder: string): Promise<KedaFiles> {
  const signal = new AbortController().signal
  const [tools, kubectl] = [await kedaTools(signal), await findTool('kubectl', signal)]
  mkdirSync(folder, { recursive: true })
  const image = (name: string, path: string, program: string) =>
    programImage(folder, { name: `ghcr.io/kedacore/${name}`, tag: TAG, user: USER }, [
      { kind: 'file', path, source: program, executable: true },
    ])
  const archives = [
    await image('keda', 'keda', tools.operator),
    await image('keda-metrics-apiserver', 'keda-adapter', tools.adapter),
  ]
  const all = await renderManifests(kubectl.path, join(tools.manifests, 'minimal'), [])
  const objects = join(folder, 'objects.yaml')
  writeFileSync(objects, all.map((each) => stringify(onCluster(each))).join('---\n'))
  return { archives, objects }
}

/** Resolves when it serves external metrics. */
export async function installKeda(cluster: RealCluster, { objects }: KedaFiles): Promise<void> {
  // Too large for the annotation of a client-side apply.
  await cluster.kubectl('apply', '--server-side', '-f', objects)
  const service = 'apiservice/v1beta1.external.metrics.k8s.io'
  await cluster.kubectl('wait', '--for=condition=Available', service, '--timeout=300s')
}

function onCluster(object: Any): Any {
  const { kind, spec } = object
  if (kind !== 'Deployment') return object
  const pod = {
    ...spec.template.spec,
    nodeSelector: { 'topology.kubernetes.io/zone': 'zone-a' },
    containers: spec.template.spec.containers.map(builtHere),
  }
  return { ...object, spec: { ...spec, template: { ...spec.template, spec: pod } } }
}

/** The image of the test. There is no registry that could be asked for it. */
const builtHere = (container: Any) => ({
  ...container,
  image: container.image.replace(/:[^:/]*$/, `:${TAG}`),
  imagePullPolicy: 'IfNotPresent',
})
