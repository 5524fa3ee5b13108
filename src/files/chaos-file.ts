/** A Chaos Mesh file with one experiment, bare or inside a Schedule or Workflow, which Chaos Mesh would accept. */

import type { Fault } from '../domain/fault.ts'
import type { SourcePoint } from '../domain/issue.ts'
import type { ChaosManifest } from '../domain/rehearsal.ts'
import { ADDRESSES_ANNOTATION } from '../protocols/chaos-mesh/addresses.ts'
import { admit } from '../protocols/chaos-mesh/admission.ts'
import { faultOf } from '../protocols/chaos-mesh/fault.ts'
import { API_VERSION, isChaosObject, KINDS } from '../protocols/chaos-mesh/objects.ts'
import { strictProblems } from '../protocols/chaos-mesh/strict.ts'
import { experimentIn, isMeantAsChaos } from './chaos-wrappers.ts'
import { type Files, readText } from './files.ts'
import { dnsLabel } from './name-shapes.ts'
import { may, need, record } from './record.ts'
import type { Report } from './report.ts'
import { refuse, type Shape, table, text, whole, word } from './shape.ts'
import { nearest, openDocument, plainValue } from './yaml-node.ts'

/** `at` finds the line of a field, such as `spec.selector.namespaces`. Without `does` the object was refused. */
export type ChaosFile = {
  readonly file: string
  readonly object: ChaosManifest
  readonly does?: Fault
  readonly at: (path: string) => SourcePoint
}

const labelKey = {
  form: 'the name of a label',
  example: 'app.kubernetes.io/name',
  pattern: /^[A-Za-z0-9][A-Za-z0-9._/-]*$/,
}
const labels = table(labelKey, text({ form: 'a text', example: 'carrier-a', pattern: /^/ }))

const anyMap: Shape<Readonly<Record<string, unknown>>> = {
  schema: { type: 'object' },
  decode: (node, report) =>
    node.kind === 'map'
      ? whole(Object.fromEntries(node.entries.map(({ key, value }) => [key, plainValue(value)])))
      : refuse(node, report, 'wrong-type', { form: 'a map', example: 'action: partition' }),
}

const chaosFile = record({
  apiVersion: need(word(API_VERSION), `Always ${API_VERSION}.`),
  kind: need(word(...KINDS), 'Kind of fault.'),
  metadata: need(
    record({
      name: need(dnsLabel(63), 'Name of the object when it is applied by hand.'),
      namespace: may(dnsLabel(63), 'Namespace of the object.'),
      labels: may(labels, 'Labels.'),
      annotations: may(labels, 'Annotations.'),
    }),
    'Name and namespace.',
  ),
  spec: need(anyMap, 'What Chaos Mesh is to do.'),
})

export function readChaosFile(files: Files, path: string, namedAt: SourcePoint, report: Report): ChaosFile | undefined {
  const source = readText(files, path, namedAt, 'Chaos file', report)
  const document = source === undefined ? undefined : openDocument(path, source, report, isMeantAsChaos)
  const root = document && experimentIn(document, report)
  const decoded = root && chaosFile.decode(root, report)
  if (root === undefined || decoded === undefined) return undefined
  const { name, namespace, labels, annotations } = decoded.value.metadata
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  }
  const object = { ...decoded.value, metadata }
  const at = (field: string): SourcePoint => nearest(root, field).at
  checkAddresses(object, at, report)
  if (!isAdmitted(object, at, report)) return { file: path, object, at }
  const does = faultOf(object)
  return { file: path, object, at, ...(does === undefined ? {} : { does }) }
}

/** Whether Chaos Mesh would accept it, and whether it does what it seems to say. */
function isAdmitted(object: ChaosManifest, at: ChaosFile['at'], report: Report): boolean {
  const refused = admit(object)
  const next = 'correct the field: kubectl apply would be refused too.'
  for (const { path, message } of refused)
    report(at(path), 'chaos-rejected', `Chaos Mesh would refuse this: ${message}.`, next)
  if (refused.length > 0 || !isChaosObject(object)) return false
  const doubtful = strictProblems(object).filter(({ severity }) => severity === 'stop')
  for (const { path, problem, next } of doubtful)
    report(at(path), 'chaos-doubtful', `Chaos Mesh would accept this, but ${problem}.`, `${next}.`)
  return doubtful.length === 0
}

function checkAddresses(object: ChaosManifest, at: ChaosFile['at'], report: Report): void {
  if (object.metadata.annotations?.[ADDRESSES_ANNOTATION] === undefined) return
  if (object.kind === 'NetworkChaos' && object.spec.target !== undefined) return
  const problem = `The annotation ${ADDRESSES_ANNOTATION} replaces spec.target of a NetworkChaos, and there is none.`
  report(at('metadata.annotations'), 'chaos-doubtful', problem, 'add spec.target, or remove the annotation.')
}
