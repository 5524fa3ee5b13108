/**
 * Chaos Mesh's own wrappers around one experiment. Teams keep their experiments in Schedules and Workflows; the rehearsal decides when, so only
 * the experiment inside counts. Positions stay those of the file.
 */
import { API_VERSION, isChaosKind, KINDS } from '../protocols/chaos-mesh/objects.ts'
import { otherKind } from '../protocols/chaos-mesh/other-kinds.ts'
import type { Report } from './report.ts'
import type { YamlEntry, YamlMap, YamlNode } from './yaml-node.ts'

/** Whether a document of a file is meant as the experiment: of Chaos Mesh's API, whatever its kind. */
export const isMeantAsChaos = (document: unknown): boolean =>
  typeof document === 'object' && document !== null && 'apiVersion' in document && document.apiVersion === API_VERSION

/** The experiment inside a Schedule or Workflow, other documents unchanged. Undefined after reporting why there is none. */
export function experimentIn(root: YamlNode, report: Report): YamlNode | undefined {
  const kind = root.kind === 'map' ? textAt(root, 'kind') : undefined
  if (root.kind !== 'map' || kind === undefined) return root
  if (kind === 'Schedule') return ofSchedule(root, report)
  if (kind === 'Workflow') return ofWorkflow(root, report)
  const other = otherKind(kind)
  if (other === undefined) return root
  report(
    entryOf(root, 'kind')?.value.at ?? root.at,
    'wrong-value',
    `kind ${kind} is no fault of a rehearsal.`,
    `${other.instead}.`,
  )
  return undefined
}

function ofSchedule(root: YamlMap, report: Report): YamlNode | undefined {
  const spec = mapAt(root, 'spec')
  const type = spec && entryOf(spec, 'type')
  const found = spec && type && embedded(root, spec, type.value)
  if (found) return found
  const problem = `The Schedule holds no experiment: spec.type must be one of ${KINDS.join(', ')}, with its fields beside it.`
  report(
    type?.value.at ?? entryOf(root, 'spec')?.keyAt ?? root.at,
    'wrong-value',
    problem,
    'write for example type: PodChaos and podChaos: …',
  )
  return undefined
}

function ofWorkflow(root: YamlMap, report: Report): YamlNode | undefined {
  const spec = mapAt(root, 'spec')
  const templates = spec && entryOf(spec, 'templates')?.value
  const items = templates?.kind === 'list' ? templates.items : []
  const found = items.flatMap((item) => {
    const type = item.kind === 'map' ? entryOf(item, 'templateType') : undefined
    const experiment = item.kind === 'map' && type ? embedded(root, item, type.value) : undefined
    return experiment ? [experiment] : []
  })
  if (found.length === 1) return found[0]
  const problem = `The Workflow holds ${found.length} experiments; one is expected.`
  report(
    templates?.at ?? entryOf(root, 'spec')?.keyAt ?? root.at,
    'several-documents',
    problem,
    'give each experiment a file of its own; the rehearsal decides when they run.',
  )
  return undefined
}

/** `type: NetworkChaos` with `networkChaos: {…}` beside it, as an object of that kind under the wrapper's metadata. */
function embedded(root: YamlMap, holder: YamlMap, type: YamlNode): YamlMap | undefined {
  const kind = type.kind === 'scalar' ? type.value : undefined
  const spec = isChaosKind(kind) ? entryOf(holder, fieldOf(kind)) : undefined
  if (spec === undefined) return undefined
  const kept = root.entries.filter(({ key }) => key === 'apiVersion' || key === 'metadata')
  const entries = [
    ...kept,
    { key: 'kind', keyAt: type.at, value: type },
    { ...spec, key: 'spec', value: rerooted(spec.value, spec.value.path) },
  ]
  return { kind: 'map', at: root.at, path: '', entries }
}

/** The same tree with paths below `spec`, where a bare experiment has them. */
function rerooted(node: YamlNode, from: string): YamlNode {
  const path = `spec${node.path.slice(from.length)}`
  switch (node.kind) {
    case 'scalar':
      return { ...node, path }
    case 'list':
      return { ...node, path, items: node.items.map((item) => rerooted(item, from)) }
    case 'map':
      return { ...node, path, entries: node.entries.map((each) => ({ ...each, value: rerooted(each.value, from) })) }
  }
}

/** The field of Chaos Mesh's EmbedChaos: podChaos, httpChaos, dnsChaos, ioChaos. */
const fieldOf = (kind: string): string => kind.replace(/^[A-Z]+(?=[A-Z])|^[A-Z]/, (head) => head.toLowerCase())

const entryOf = (node: YamlMap, name: string): YamlEntry | undefined => node.entries.find(({ key }) => key === name)

function mapAt(node: YamlMap, name: string): YamlMap | undefined {
  const value = entryOf(node, name)?.value
  return value?.kind === 'map' ? value : undefined
}

function textAt(node: YamlMap, name: string): string | undefined {
  const value = entryOf(node, name)?.value
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined
}
