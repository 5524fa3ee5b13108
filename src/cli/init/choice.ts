/** What the first rehearsal is about: one workload, how requests reach it, and what can be asked there. */
import type { FoundRoute, FoundWorkload, Survey } from '../../adapters/kubernetes/survey.ts'
import { slug } from './text.ts'

export type WorkloadChoice = {
  readonly workload: FoundWorkload
  /** The label value by which rehearsals name it, or undefined where its pods have none of the usual labels. */
  readonly app: string | undefined
  /** For file names and `metadata.name`. */
  readonly name: string
  readonly entry: string | undefined
  readonly routes: readonly FoundRoute[]
  /** One load profile for each path. */
  readonly profiles: readonly Profile[]
}
export type Profile = { readonly name: string; readonly path: string }

/** More would be noise in a first file. */
const PROFILES_MAX = 3

export function chooseFrom(survey: Survey, labEntry: string | undefined): WorkloadChoice | undefined {
  const workload = mostExposed(survey)
  if (workload === undefined) return undefined
  const routes = routesTo(survey, workload)
  return {
    workload,
    app: appOf(workload),
    // Names of rehearsals have at most 40 characters.
    name: slug(workload.name, 30),
    entry: entryOf(routes, labEntry),
    routes,
    profiles: profilesOf(routes),
  }
}

/** The workload behind the route of `/`, of another path, or behind a Service, and among these the one with most pods. */
function mostExposed(survey: Survey): FoundWorkload | undefined {
  const rank = (workload: FoundWorkload): number => {
    const routes = routesTo(survey, workload)
    if (routes.some(({ path }) => path === '/')) return 3
    if (routes.length > 0) return 2
    return servicesOf(survey, workload).length > 0 ? 1 : 0
  }
  return survey.workloads
    .filter(({ selector }) => Object.keys(selector).length > 0)
    .toSorted((a, b) => rank(b) - rank(a) || b.replicas - a.replicas || a.name.localeCompare(b.name, 'en'))[0]
}

const servicesOf = ({ services }: Survey, { labels }: FoundWorkload): readonly string[] =>
  services
    .filter(({ selector }) => Object.keys(selector).length > 0)
    .filter(({ selector }) => Object.entries(selector).every(([key, value]) => labels[key] === value))
    .map(({ name }) => name)

function routesTo(survey: Survey, workload: FoundWorkload): readonly FoundRoute[] {
  const services = servicesOf(survey, workload)
  return survey.routes.filter(({ service }) => services.includes(service))
}

/** As the watches name pods (adapters/kubernetes/snapshots.ts). */
const appOf = ({ labels }: FoundWorkload): string | undefined =>
  labels['app.kubernetes.io/name'] ?? labels.app ?? labels['k8s-app']

function entryOf(routes: readonly FoundRoute[], labEntry: string | undefined): string | undefined {
  if (labEntry !== undefined) return labEntry
  const named = routes.find(({ host }) => host !== undefined && !host.startsWith('*'))
  if (named !== undefined) return `${named.tls ? 'https' : 'http'}://${named.host}`
  const address = routes.find((route) => route.address !== undefined)?.address
  return address === undefined ? undefined : `http://${address.includes(':') ? `[${address}]` : address}`
}

function profilesOf(routes: readonly FoundRoute[]): readonly Profile[] {
  const paths = [...new Set(routes.map(({ path }) => plainPath(path)))]
  const profiles = (paths.length > 0 ? paths : ['/'])
    .slice(0, PROFILES_MAX)
    .map((path) => ({ name: profileName(path), path }))
  return [...new Map(profiles.map((each) => [each.name, each])).values()]
}

/** Controllers allow regular expressions in paths. What is before them can be asked for. */
const plainPath = (path: string): string => /^\/[A-Za-z0-9._~/-]*/.exec(path)?.[0] ?? '/'

/** The form of a load profile, and never a word of JavaScript or of the library: its function in the script has the same name. */
const profileName = (path: string): string => (path === '/' ? 'home' : `get-${slug(path, 26)}`)
