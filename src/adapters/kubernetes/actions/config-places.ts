/**
 * The places at which a pod template takes ConfigMaps: `app envFrom 0` (by index, because these entries have no names), `app env LIMIT`, `volume flags`, and
 * `volume flags source 1` for a source of a projected volume. Names of init containers and containers differ, so a place needs no more than the name.
 */
import type { ConfigTaken } from '../../../domain/configuration.ts'
import type { Fields } from '../../../protocols/fields.ts'
import { fields, list, text } from '../fields.ts'

type Place = { readonly at: string; readonly name: string; readonly as: ConfigTaken }
type Names = Readonly<Record<string, string>>

/** `pod`: the spec of the pods. */
export function configPlaces(pod: Fields): readonly Place[] {
  // An init container does not run again when a container is restarted. So a start of a container proves as little as for files.
  const before = list(pod.initContainers).flatMap((container) => inEnvironment(container, 'files'))
  const main = list(pod.containers).flatMap((container) => inEnvironment(container, 'environment'))
  return [...before, ...main, ...list(pod.volumes).flatMap(inVolume)]
}

function inEnvironment(container: Fields, as: ConfigTaken): readonly Place[] {
  const name = text(container.name)
  const whole = list(container.envFrom).flatMap((from, index) =>
    place(`${name} envFrom ${index}`, fields(from.configMapRef).name, as),
  )
  const keys = list(container.env).flatMap((variable) =>
    place(`${name} env ${text(variable.name)}`, refOf(variable).name, as),
  )
  return [...whole, ...keys]
}

function inVolume(volume: Fields): readonly Place[] {
  const at = volumePlace(volume)
  const projected = sourcesOf(volume).flatMap((source, index) =>
    place(`${at} source ${index}`, fields(source.configMap).name, 'files'),
  )
  return [...place(at, fields(volume.configMap).name, 'files'), ...projected]
}

const volumePlace = ({ name }: Fields): string => `volume ${text(name)}`
const sourcesOf = (volume: Fields): readonly Fields[] => list(fields(volume.projected).sources)

const place = (at: string, name: unknown, as: ConfigTaken): readonly Place[] =>
  typeof name === 'string' ? [{ at, name, as }] : []

const refOf = (variable: Fields): Fields => fields(fields(variable.valueFrom).configMapKeyRef)

/** The same containers and volumes with other ConfigMaps at these places. A list that the pod does not have is left out. */
export function withConfigMaps(pod: Fields, names: Names): Fields {
  const renamed = (containers: unknown) => list(containers).map((container) => withNames(container, names))
  const volumes = list(pod.volumes).map((volume) => withSources(withOwn(volume, names), names))
  return {
    containers: renamed(pod.containers),
    ...some('initContainers', renamed(pod.initContainers)),
    ...some('volumes', volumes),
  }
}

const some = (key: string, all: readonly Fields[]): Fields => (all.length === 0 ? {} : { [key]: all })

function withOwn(volume: Fields, names: Names): Fields {
  const name = names[volumePlace(volume)]
  return name === undefined ? volume : { ...volume, configMap: { ...fields(volume.configMap), name } }
}

function withSources(volume: Fields, names: Names): Fields {
  const all = sourcesOf(volume)
  if (all.length === 0) return volume
  const sources = all.map((source, index) => {
    const name = names[`${volumePlace(volume)} source ${index}`]
    return name === undefined ? source : { ...source, configMap: { ...fields(source.configMap), name } }
  })
  return { ...volume, projected: { ...fields(volume.projected), sources } }
}

function withNames(container: Fields, names: Names): Fields {
  const of = text(container.name)
  const envFrom = list(container.envFrom).map((from, index) => {
    const name = names[`${of} envFrom ${index}`]
    return name === undefined ? from : { ...from, configMapRef: { ...fields(from.configMapRef), name } }
  })
  const env = list(container.env).map((variable) => {
    const name = names[`${of} env ${text(variable.name)}`]
    if (name === undefined) return variable
    return { ...variable, valueFrom: { configMapKeyRef: { ...refOf(variable), name } } }
  })
  return { ...container, ...some('envFrom', envFrom), ...some('env', env) }
}
