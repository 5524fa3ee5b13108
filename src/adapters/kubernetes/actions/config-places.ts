/**
 * The places at which a pod template takes ConfigMaps: `app envFrom 0` (by index, because these entries have no names), `app env LIMIT`, `volume flags`.
 * ConfigMaps in projected volumes and of init containers are not among them.
 */
import type { ConfigTaken } from '../../../domain/configuration.ts'
import type { Fields } from '../../../protocols/fields.ts'
import { fields, list, text } from '../fields.ts'

type Place = { readonly at: string; readonly name: string; readonly as: ConfigTaken }

/** `pod`: the spec of the pods. */
export function configPlaces(pod: Fields): readonly Place[] {
  const files = list(pod.volumes).flatMap((volume) =>
    place(`volume ${text(volume.name)}`, fields(volume.configMap).name, 'files'),
  )
  return [...list(pod.containers).flatMap(inEnvironment), ...files]
}

function inEnvironment(container: Fields): readonly Place[] {
  const name = text(container.name)
  const whole = list(container.envFrom).flatMap((from, index) =>
    place(`${name} envFrom ${index}`, fields(from.configMapRef).name, 'environment'),
  )
  const keys = list(container.env).flatMap((variable) =>
    place(`${name} env ${text(variable.name)}`, refOf(variable).name, 'environment'),
  )
  return [...whole, ...keys]
}

const place = (at: string, name: unknown, as: ConfigTaken): readonly Place[] =>
  typeof name === 'string' ? [{ at, name, as }] : []

const refOf = (variable: Fields): Fields => fields(fields(variable.valueFrom).configMapKeyRef)

/** The same containers and volumes with other ConfigMaps at these places. */
export function withConfigMaps(pod: Fields, names: Readonly<Record<string, string>>): Fields {
  const volumes = list(pod.volumes).map((volume) => {
    const name = names[`volume ${text(volume.name)}`]
    return name === undefined ? volume : { ...volume, configMap: { ...fields(volume.configMap), name } }
  })
  const containers = list(pod.containers).map((container) => withNames(container, names))
  return { containers, ...(volumes.length === 0 ? {} : { volumes }) }
}

function withNames(container: Fields, names: Readonly<Record<string, string>>): Fields {
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
  return { ...container, ...(envFrom.length === 0 ? {} : { envFrom }), ...(env.length === 0 ? {} : { env }) }
}
