/** The permissions of docs/how-to/rbac.yaml, held against what the API server was asked for. */
import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'

// biome-ignore lint/suspicious/noExplicitAny: objects of Kubernetes are read freely
type Any = any

/** A role of rbac.yaml, a verb, and a resource with its group: `matchday-in-cluster list nodes`, `matchday-in-namespace get apps/deployments`. */
export type Permission = string

const LOAD = 'matchday-load'
/** Beside those of the account itself: every authenticated user may ask what he may do. */
const FOR_ALL = /^selfsubject(access|rules)reviews$/

/** Of the roles that rbac.yaml binds to the account. */
export function granted(): ReadonlySet<Permission> {
  const objects: Any[] = parseAllDocuments(readFileSync('docs/how-to/rbac.yaml', 'utf8')).map((each) => each.toJS())
  const bound = new Set(objects.flatMap(({ roleRef }) => (roleRef ? [roleRef.name] : [])))
  const roles = objects.filter(({ kind, metadata }) => kind === 'ClusterRole' && bound.has(metadata.name))
  return new Set(
    roles.flatMap(({ metadata, rules }) =>
      rules.flatMap(({ apiGroups, resources, verbs }: Any) =>
        apiGroups.flatMap((group: string) =>
          resources.flatMap((resource: string) =>
            verbs.map((verb: string) => permission(metadata.name, verb, group, resource)),
          ),
        ),
      ),
    ),
  )
}

const permission = (role: string, verb: string, group: string, resource: string): Permission =>
  `${role} ${verb} ${group === '' ? '' : `${group}/`}${resource}`

export type Requests = {
  readonly used: ReadonlySet<Permission>
  /** What the API server refused. */
  readonly refused: ReadonlySet<Permission>
}

/** What `user` asked for, by the audit log. Paths that are no resources, such as discovery, are open to all. */
export function requestsOf(user: string, auditLog: string): Requests {
  const own = eventsOf(user, auditLog).filter(({ objectRef }) => !FOR_ALL.test(objectRef.resource))
  const [refused, used] = [own.filter(isRefused), own.filter((each) => !isRefused(each))].map(
    (all) => new Set(all.map(({ verb, objectRef }) => asked(verb, objectRef))),
  )
  return { used: used ?? new Set(), refused: refused ?? new Set() }
}

/** What `user` asked to be changed, by the audit log. Questions about its own permissions change nothing. */
export const changesBy = (user: string, auditLog: string): readonly Permission[] =>
  eventsOf(user, auditLog)
    .filter(({ verb, objectRef }) => /^(create|update|patch|delete)/.test(verb) && !FOR_ALL.test(objectRef.resource))
    .map(({ verb, objectRef }) => asked(verb, objectRef))

/** The longest time that the API server took for one request of `user` to one of these resources. */
export const slowestMs = (user: string, auditLog: string, resource: string): number =>
  Math.max(
    0,
    ...eventsOf(user, auditLog)
      .filter(({ objectRef }) => objectRef.resource === resource)
      .map((each) => Date.parse(each.stageTimestamp) - Date.parse(each.requestReceivedTimestamp)),
  )

const eventsOf = (user: string, auditLog: string): readonly Any[] =>
  auditLog
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .filter((each: Any) => each.user.username === user && each.objectRef?.resource)

const isRefused = ({ responseStatus }: Any): boolean => responseStatus?.code === 403

function asked(verb: string, { apiGroup = '', resource, subresource, namespace }: Any): Permission {
  // A Namespace is an object of the cluster, and named in both fields.
  const isOfCluster = namespace === undefined || resource === 'namespaces'
  const role = isOfCluster ? 'matchday-in-cluster' : namespace === LOAD ? LOAD : 'matchday-in-namespace'
  return permission(role, verb, apiGroup, subresource === undefined ? resource : `${resource}/${subresource}`)
}
