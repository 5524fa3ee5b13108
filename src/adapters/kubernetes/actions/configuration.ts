/** The configuration that a release brings: the ConfigMap that pods use now, the one that they use afterwards, and what the pod template gets with it. */
import type { ChangeOn, Workload } from '../../../domain/change.ts'
import type { ConfigRelease, ConfigTaken } from '../../../domain/configuration.ts'
import type { TemplateValues } from '../../../domain/evidence.ts'
import type { Issue } from '../../../domain/issue.ts'
import { demand, type KubeObject, type KubernetesApi } from '../../../protocols/kubernetes/api.ts'
import { type Checked, issueOf, noSuchObject, readIfAllowed } from './enactor.ts'
import { configMapPath } from './flag.ts'
import type { Obstacle } from './release.ts'
import { placesIn } from './template.ts'
import { digestOf, type RestoreValues, restoreValues } from './values.ts'

type Template = Pick<ChangeOn<'pod-template'>, 'images' | 'annotations'>

export type PlannedConfig = {
  readonly configMap: string
  /** SHA-256 of the content that pods use now, and of the content that they use afterwards. */
  readonly was: string
  readonly now: string
  readonly taken: readonly ConfigTaken[]
  /** What the pod template gets, with what the release brings besides. */
  readonly template: TemplateValues
  /** The undo of the values; undefined if none changes. */
  readonly values?: RestoreValues
}

/** `template`: what the release writes into the pod template besides. Throws if a ConfigMap does not exist. */
export async function planConfig(
  api: KubernetesApi,
  namespace: string,
  config: ConfigRelease,
  workload: KubeObject,
  template: Template,
): Promise<PlannedConfig> {
  const path = configMapPath(namespace, config.configMap)
  const read = async (at: string) => (await demand(api, { method: 'GET', path: at })) as KubeObject
  const before = await read(path)
  const places = placesIn(workload).filter(({ name }) => name === config.configMap)
  const taken = [...new Set(places.map(({ as }) => as))]
  const was = digestOf(before)
  if (config.kind === 'replaced') {
    const now = digestOf(await read(configMapPath(namespace, config.by)))
    const configMaps = Object.fromEntries(places.map(({ at }) => [at, config.by]))
    return { configMap: config.by, was, now, taken, template: { ...template, configMaps } }
  }
  const now = digestOf(before, config.set)
  const checksum = config.checksum === undefined ? {} : { [config.checksum]: now }
  const values = restoreValues(before, path, config.set)
  return {
    configMap: config.configMap,
    was,
    now,
    taken,
    template: { ...template, annotations: { ...template.annotations, ...checksum } },
    ...(values === undefined ? {} : { values }),
  }
}

/** A ConfigMap that does not exist, as an issue. One that may not be read is reported by the permission check. */
export async function missingConfig(
  { api, action, target: { namespace } }: Checked<ChangeOn<'pod-template'>>,
  config: ConfigRelease,
): Promise<Issue | 'forbidden' | undefined> {
  for (const name of config.kind === 'replaced' ? [config.configMap, config.by] : [config.configMap]) {
    const path = configMapPath(namespace, name)
    const found = await readIfAllowed(api, path)
    if (found === 'forbidden') return 'forbidden'
    if (found === 'missing') return noSuchObject(api, action, path)
  }
  return undefined
}

export function whyNotTaken(object: KubeObject, { name, kind }: Workload, config: ConfigRelease): Obstacle | undefined {
  const places = placesIn(object)
  if (places.some((place) => place.name === config.configMap)) return undefined
  const taken = [...new Set(places.map((place) => place.name))]
  return {
    code: 'config-not-taken',
    problem: `no container or volume of ${kind} ${name} uses the ConfigMap ${config.configMap}`,
    next: taken.length === 0 ? 'It uses none.' : `It uses ${taken.join(', ')}.`,
  }
}

export const sameConfig = (checked: Checked<ChangeOn<'pod-template'>>, { was, configMap }: PlannedConfig): Issue =>
  issueOf(
    checked.action,
    'release-changes-nothing',
    `the pods already use this content of ConfigMap ${configMap} (sha256:${was.slice(0, 12)}…)`,
    'Name another value, or another ConfigMap.',
  )
