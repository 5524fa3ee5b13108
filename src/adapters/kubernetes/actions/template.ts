/**
 * The pod template of a workload: reads and writes images, annotations and names of ConfigMaps in it. A merge patch replaces lists as a whole, so a patch holds all
 * containers; the version of the object that was read goes with it (change.ts), so that nobody's change in between is lost.
 */
import type { TemplateValues, Undo } from '../../../domain/evidence.ts'
import type { Fields } from '../../../protocols/fields.ts'
import type { KubeObject } from '../../../protocols/kubernetes/api.ts'
import { fields, list, text } from '../fields.ts'
import { configPlaces, withConfigMaps } from './config-places.ts'

type RestoreTemplate = Extract<Undo, { does: 'restore-template' }>

const podOf = (workload: KubeObject): Fields => fields(fields(workload.spec).template)
const containersOf = (workload: KubeObject): readonly Fields[] => list(fields(podOf(workload).spec).containers)
const annotationsOf = (workload: KubeObject): Fields => fields(fields(podOf(workload).metadata).annotations)

export const imageOf = (workload: KubeObject, container: string): string | undefined => {
  const image = containersOf(workload).find(({ name }) => name === container)?.image
  return typeof image === 'string' ? image : undefined
}
export const containerNames = (workload: KubeObject): readonly string[] =>
  containersOf(workload).map(({ name }) => text(name))
const annotationOf = (workload: KubeObject, key: string): string | null => {
  const value = annotationsOf(workload)[key]
  return typeof value === 'string' ? value : null
}

/** What the template holds now at the places that `wanted` names. */
export const valuesNow = (workload: KubeObject, wanted: TemplateValues): TemplateValues => ({
  images: Object.fromEntries(Object.keys(wanted.images).map((name) => [name, imageOf(workload, name) ?? ''])),
  annotations: Object.fromEntries(Object.keys(wanted.annotations).map((key) => [key, annotationOf(workload, key)])),
  ...configMapsNow(workload, wanted),
})

function configMapsNow(workload: KubeObject, { configMaps }: TemplateValues): Pick<TemplateValues, 'configMaps'> {
  if (configMaps === undefined) return {}
  const names = new Map(placesIn(workload).map(({ at, name }) => [at, name]))
  return { configMaps: Object.fromEntries(Object.keys(configMaps).map((at) => [at, names.get(at) ?? ''])) }
}

/** Where the template takes ConfigMaps. */
export const placesIn = (workload: KubeObject) => configPlaces(fields(podOf(workload).spec))

/** Null removes an annotation in a merge patch (RFC 7386). */
export function templatePatch(workload: KubeObject, { images, annotations, configMaps = {} }: TemplateValues): object {
  const { containers: all, ...others } = withConfigMaps(fields(podOf(workload).spec), configMaps)
  const containers = list(all).map((each) => {
    const image = images[text(each.name)]
    return image === undefined ? each : { ...each, image }
  })
  const metadata = Object.keys(annotations).length === 0 ? {} : { metadata: { annotations } }
  const changed = Object.keys({ ...images, ...configMaps }).length > 0
  const moved = Object.keys(configMaps).length > 0 ? others : {}
  const spec = changed ? { spec: { containers, ...moved } } : {}
  return { spec: { template: { ...metadata, ...spec } } }
}

type Part = 'images' | 'annotations' | 'configMaps'
type Place = { readonly of: Part; readonly name: string; readonly now: string | null }

const placesOf = (workload: KubeObject, { wrote }: RestoreTemplate): readonly Place[] => {
  const now = valuesNow(workload, wrote)
  const of = (part: Part) =>
    Object.keys(wrote[part] ?? {}).map((name): Place => ({ of: part, name, now: now[part]?.[name] ?? null }))
  return [...of('images'), ...of('annotations'), ...of('configMaps')]
}

const held = (workload: KubeObject, undo: RestoreTemplate): readonly Place[] =>
  placesOf(workload, undo).filter(({ of, name, now }) => now === undo.wrote[of]?.[name])

/** A place that holds neither what was read nor what was written, as `app is registry.example/orders:3`. */
export function otherThan(workload: KubeObject, undo: RestoreTemplate): string | undefined {
  const other = placesOf(workload, undo).find(
    ({ of, name, now }) => now !== undo.wrote[of]?.[name] && now !== undo.was[of]?.[name],
  )
  return other && `${other.name} is ${other.now}`
}

export const holdsAny = (workload: KubeObject, undo: RestoreTemplate): boolean => held(workload, undo).length > 0

/** The values before, at the places that still hold what was written. */
export function heldBefore(workload: KubeObject, undo: RestoreTemplate): TemplateValues {
  const places = held(workload, undo)
  const pick = <T>(of: Place['of'], was: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
    Object.fromEntries(
      Object.entries(was).filter(([name]) => places.some((each) => each.of === of && each.name === name)),
    )
  const { images, annotations, configMaps } = undo.was
  return {
    images: pick('images', images),
    annotations: pick('annotations', annotations),
    ...(configMaps === undefined ? {} : { configMaps: pick('configMaps', configMaps) }),
  }
}
