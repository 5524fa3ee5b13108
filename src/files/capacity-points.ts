/** Measured capacity by replicas, and the ceilings that are known: what `matchday capacity --model` reads. */
import type { Parsed } from '../domain/issue.ts'
import { type Files, readText, wholeFile } from './files.ts'
import { dnsLabel, name } from './name-shapes.ts'
import { positiveNumber } from './plain-number.ts'
import { may, need, parts, record } from './record.ts'
import { API_VERSION } from './rehearsal-shape.ts'
import { collectIssues, settle } from './report.ts'
import { integer, list, someOf, text, word } from './shape.ts'
import { openDocument } from './yaml-node.ts'

const replicas = integer({ min: 1, max: 100_000, what: 'a number of replicas' })

const spec = parts({
  of: need(
    name('the name of a workload', 'checkout-api'),
    'Workload whose replicas were changed, with everything else as it was.',
  ),
  unit: may(text({ form: 'a unit', example: 'orders/s' }), 'Unit of the capacities, `/s` if left out.'),
  points: need(
    someOf(
      record({
        replicas: need(replicas, 'Number of replicas.'),
        capacity: need(positiveNumber(), 'Proven capacity with them.'),
      }),
    ),
    'Best: 1, 2, 3 and 4 replicas, three times each.',
  ),
  ceilings: may(
    list(
      record({
        name: need(name('the name of a limit', 'database pool'), 'What limits.'),
        capacity: need(
          positiveNumber(),
          'The most that it allows, in the same unit: connections ÷ time per request, for example.',
        ),
      }),
    ),
    'Limits that more replicas do not raise.',
  ),
  predict: may(list(replicas), 'Numbers of replicas to forecast; twice the largest if left out.'),
})

export const capacityPointsFile = parts({
  apiVersion: need(word(API_VERSION), `Always ${API_VERSION}.`),
  kind: need(word('CapacityPoints'), 'Always CapacityPoints.'),
  metadata: may(record({ name: need(dnsLabel(40), 'Name of the sweep.') }), 'Who this is.'),
  spec: need(spec, 'The measurements.'),
})

export type CapacityPoints = {
  readonly of: string
  readonly unit: string
  readonly points: readonly { readonly replicas: number; readonly capacity: number }[]
  readonly ceilings: readonly { readonly name: string; readonly capacity: number }[]
  readonly predict: readonly number[]
}

/** YAML or JSON, which is YAML too. */
export function parseCapacityPoints(files: Files, path: string): Parsed<CapacityPoints> {
  const { report, found } = collectIssues()
  const text = readText(files, path, wholeFile(path), 'File of points', report)
  const root = text === undefined ? undefined : openDocument(path, text, report)
  const draft = root && capacityPointsFile.decode(root, report)?.value.spec?.value
  if (found().length > 0 || draft?.of === undefined || draft.points === undefined)
    return settle<CapacityPoints>(found(), undefined)
  const { of, unit, points, ceilings, predict } = draft
  return settle([], {
    of: of.value,
    unit: unit?.value ?? '/s',
    points: points.value,
    ceilings: ceilings?.value ?? [],
    predict: predict?.value ?? [],
  })
}
