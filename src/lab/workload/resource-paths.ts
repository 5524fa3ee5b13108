/** API paths of objects of any kind, from the API server's discovery. */
import type { Fields } from '../../protocols/fields.ts'
import type { ClusterClient } from '../cluster-access/cluster.ts'
import { fieldsOf, listOf, textOf } from '../machine/json.ts'
import type { Manifest } from './render.ts'

export type Kind = Pick<Manifest, 'apiVersion' | 'kind'>

export type ResourcePaths = {
  /** @throws Error when the API server knows no such kind */
  of(manifest: Manifest): Promise<string>
  /** Asks the API server each time. */
  isServed(kind: Kind): Promise<boolean>
}

type Resource = { readonly plural: string; readonly namespaced: boolean }

export function createResourcePaths(cluster: Pick<ClusterClient, 'get'>): ResourcePaths {
  const groups = new Map<string, Promise<readonly Fields[]>>()
  const ask = (apiVersion: string): Promise<readonly Fields[]> => {
    const asked = cluster.get(groupPath(apiVersion)).then(({ resources }) => listOf(resources).map(fieldsOf))
    groups.set(apiVersion, asked)
    return asked
  }
  return {
    of: async (manifest) => {
      const { apiVersion, kind, metadata } = manifest
      const found = resourceOf(kind, await (groups.get(apiVersion) ?? ask(apiVersion)))
      if (found === undefined) throw new Error(`the API server has no kind ${kind} in ${apiVersion}`)
      const place = found.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : ''
      return `${groupPath(apiVersion)}${place}/${found.plural}/${metadata.name}`
    },
    isServed: async ({ apiVersion, kind }) => resourceOf(kind, await ask(apiVersion)) !== undefined,
  }
}

const groupPath = (apiVersion: string): string => `/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}`

/** Subresources such as `pods/log` are listed too and have a kind of their own. */
function resourceOf(kind: string, resources: readonly Fields[]): Resource | undefined {
  const found = resources.find((each) => each.kind === kind && !textOf(each.name).includes('/'))
  return found && { plural: textOf(found.name), namespaced: found.namespaced === true }
}

/** The kinds that a CustomResourceDefinition defines, in each served version. */
export function definedKinds(manifest: Manifest): readonly Kind[] {
  if (manifest.kind !== 'CustomResourceDefinition') return []
  const { group, names, versions } = fieldsOf(manifest.spec)
  return listOf(versions)
    .map(fieldsOf)
    .filter((each) => each.served === true)
    .map((each) => ({ apiVersion: `${textOf(group)}/${textOf(each.name)}`, kind: textOf(fieldsOf(names).kind) }))
}
