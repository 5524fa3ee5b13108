/** Pods with images: which one each container was to run, and which one it runs. */
import type { NodeSeen, PodSeen } from '../../src/domain/cluster.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { named, seen } from './evidence-cluster.ts'

export const digest = (letter: string) => `sha256:${letter.repeat(64)}`
export const TAG = 'registry.example/gateway:1'
export const idOf = (letter: string) => `registry.example/gateway@${digest(letter)}`

export type ImageStory = {
  readonly image?: string
  /** Undefined: the container was not started yet. */
  readonly id?: string | undefined
  readonly hash?: string
  readonly node?: string
  readonly kind?: string
  readonly sidecar?: string
}

export const imagePod = (name: string, told: ImageStory = {}, changes: Partial<PodSeen> = {}): PodSeen => {
  const { image = TAG, hash = 'one', node = 'zone-a-api', kind = 'Deployment', sidecar } = told
  const id = 'id' in told ? told.id : idOf('a')
  return {
    resource: 'Pod',
    ...named(name),
    app: 'gateway',
    labels: { 'pod-template-hash': hash },
    owner: { kind, name: 'gateway' },
    node,
    podPhase: 'Running',
    ready: true,
    deleting: false,
    restarts: 0,
    images: [
      { container: 'app', image, ...(id === undefined ? {} : { id }) },
      ...(sidecar === undefined ? [] : [{ container: 'proxy', image: sidecar, id: idOf('f') }]),
    ],
    ...changes,
  }
}

const machine = (name: string, arch?: string): Evidence => {
  const node: NodeSeen = {
    resource: 'Node',
    ...named(name, ''),
    zone: 'zone-a',
    pool: 'api',
    ready: true,
    unschedulable: false,
    taints: [],
    ...(arch === undefined ? {} : { arch }),
  }
  return seen(-1.9, node, 'present')
}
export const machines = [
  machine('zone-a-api', 'amd64'),
  machine('zone-b-api', 'amd64'),
  machine('arm', 'arm64'),
  machine('old'),
]

export const presentPod = (name: string, told: ImageStory = {}) => seen(-1.9, imagePod(name, told), 'present')
export const bornPod = (second: number, name: string, told: ImageStory = {}) => [
  seen(second, imagePod(name, { ...told, id: undefined }, { ready: false, podPhase: 'Pending' }), 'added'),
  seen(second + 2, imagePod(name, told)),
]
export const gonePod = (second: number, name: string, told: ImageStory = {}) => [
  seen(second, imagePod(name, told, { deleting: true })),
  seen(second + 3, imagePod(name, told, { deleting: true, ready: false, podPhase: 'Succeeded' }), 'deleted'),
]
/** All pods of a Deployment are replaced by such with another template. */
export const rolledTo = (told: ImageStory, second = 40) => [
  ...['old-1', 'old-2'].map((name) => presentPod(name)),
  ...bornPod(second, 'new-1', told),
  ...gonePod(second + 3, 'old-1'),
  ...bornPod(second + 4, 'new-2', told),
  ...gonePod(second + 7, 'old-2'),
]
export const nextImage: ImageStory = { hash: 'two', image: 'registry.example/gateway:2', id: idOf('b') }
