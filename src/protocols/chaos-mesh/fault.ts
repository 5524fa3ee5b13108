/** A chaos object read as a fault: once when a file is parsed and once when it is planned for a target. */
import type { Fault, FaultSide } from '../../domain/fault.ts'
import type { ChaosManifest } from '../../domain/rehearsal.ts'
import { isSome } from '../../domain/units.ts'
import { ZONE_LABEL } from '../kubernetes/nodes.ts'
import type { PodSelector } from './common.ts'
import { asGoHolds } from './defaults.ts'
import { selectorsOf } from './experiment.ts'
import { ask, type ChaosObject, isChaosKind, isChaosObject } from './objects.ts'
import { strictProblems } from './strict.ts'

/** Undefined for an object of a kind that this version does not know. Call it only on what `admit` lets pass. */
export function faultOf(manifest: ChaosManifest): Fault | undefined {
  if (!isChaosKind(manifest.kind)) return undefined
  const object: unknown = { ...manifest, spec: asGoHolds(manifest.kind, manifest.spec) }
  if (!isChaosObject(object)) return undefined
  const sides = selectorsOf(object).map(([key, selector]) => sideOf(key, selector, manifest.metadata.namespace))
  if (!isSome(sides)) throw new Error(`${object.kind} selects nothing`)
  const traffic = ask(object, (kind, spec) => kind.traffic?.(spec))
  return {
    title: titleOf(object),
    effect: ask(object, (kind, spec) => kind.effect(spec)),
    sides,
    ...(traffic === undefined ? {} : { traffic }),
    caveats: caveatsOf(object),
  }
}

const titleOf = (object: ChaosObject): string =>
  [object.kind, ...ask(object, (kind, spec) => kind.words(spec))].join(' ')

function sideOf(key: string, { selector, mode, value }: PodSelector, own: string | undefined): FaultSide {
  const zone = selector.nodeSelectors?.[ZONE_LABEL]
  return {
    field: key === '.' ? 'spec.selector' : 'spec.target.selector',
    pods: selector,
    namespaces: namespacesOf(selector, own),
    ...(zone === undefined ? {} : { zone }),
    mode,
    ...(value === undefined ? {} : { value }),
  }
}

function namespacesOf({ pods = {}, namespaces = [] }: PodSelector['selector'], own: string | undefined) {
  const named = Object.keys(pods)
  if (named.length > 0) return named
  if (namespaces.length > 0) return namespaces
  return own === undefined ? [] : [own]
}

/** The plan sets the duration itself, so what a file says of it does not matter. */
const caveatsOf = (object: ChaosObject): Fault['caveats'] =>
  strictProblems(object)
    .filter(({ code }) => code !== 'duration-ignored')
    .map(({ path, problem, next }) => ({ at: path, problem, next }))
