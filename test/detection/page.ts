/** The matrix as Markdown: docs/detection.md. */
import { head, row } from '../support/markdown.ts'
import { trialFor } from './kept.ts'
import { type Healthy, type Ruling, rule, type Seeded, type Trial } from './outcome.ts'
import type { Kept, Row } from './tasks.ts'

const held = (trial: Trial | undefined): readonly string[] =>
  trial?.footprint === undefined
    ? ['-', '-', '-']
    : [`${trial.footprint.processes}`, `${trial.footprint.megabytes} MB`, `${trial.footprint.leftObjects}`]
const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ') || '-'

/** `0ec46b3, 2026-11-28`; `judged f26e6a7` where a later judge read the evidence again. */
function measured(trial: Trial | undefined): string {
  if (trial === undefined) return '-'
  const { commit, date, judgedAgainAt } = trial
  const judged = judgedAgainAt === undefined ? undefined : `judged ${judgedAgainAt}`
  return [commit, date, judged].filter((each) => each !== undefined).join(', ') || '-'
}

/** A measurement by another rehearsal says nothing about a row. */
function trialOfRow(one: Row, kept: Kept): Trial | undefined {
  const trial = trialFor(one, kept)
  return trial?.rehearsal === (one.seeded ?? one.healthy).rehearsal ? trial : undefined
}

/** `more`: lines of further sections. */
export function detectionPage(rows: readonly Row[], kept: Kept, more: readonly string[] = []): string {
  const all = rows.map((one) => ({ row: one, trial: trialOfRow(one, kept) }))
  const defects = all.flatMap(({ row: { seeded }, trial }) => (seeded === undefined ? [] : [{ seeded, trial }]))
  const healthy = all.flatMap(({ row: one, trial }) =>
    one.healthy === undefined ? [] : [{ healthy: one.healthy, id: one.id, trial }],
  )
  return [
    '# Detection matrix',
    '',
    'Each seeded defect is a kustomize component of a few lines in `test/canary/defects`, or something that happens to the cluster during the run',
    '(`test/detection/meanwhile.ts`). The platform runs with it, a rehearsal is performed, and the judge, who knows nothing of the defect, has to name',
    'its cause. A cause that neither is expected nor follows from the defect is a false one, and the row fails. `npm run detect` measures rows and makes',
    'this page from `test/detection/measured.json`. Rows that were not measured claim nothing.',
    '',
    summary(
      'seeded defects',
      defects.map(({ trial }) => trial),
      ['caught', 'false cause', 'unnamed', 'missed'],
    ),
    summary(
      'healthy runs',
      healthy.map(({ trial }) => trial),
      ['healthy', 'inconclusive', 'false alarm'],
    ),
    '',
    '**caught**: under its own cause, and under no other. **false cause**: a cause beside it that does not follow from it. **unnamed**: not passed, but',
    'under other causes only. **missed**: passed, or no verdict. An **inconclusive** healthy run was on a starved machine, or proved nothing.',
    '',
    ...head('', 'defect', 'trap', 'rehearsal', 'expected', 'found', 'verdict', 'measured at'),
    ...defects.map(({ seeded, trial }) => defectRow(seeded, trial)),
    '',
    '## Healthy runs',
    '',
    'Every rehearsal on the healthy platform, and variations of the platform that are as healthy. Processes, memory (proportional) and labelled objects are',
    'those of the lab after the run.',
    '',
    ...head('', 'run', 'rehearsal', 'found', 'verdict', 'processes', 'memory', 'left objects', 'measured at'),
    ...healthy.map(({ healthy: each, id, trial }) => healthyRow(each, id, trial)),
    '',
    ...more,
  ].join('\n')
}

const STANDS_FOR: Readonly<Record<Ruling, string>> = {
  caught: 'caught under their own cause',
  'false cause': 'with a false cause',
  unnamed: 'not passed but named otherwise',
  missed: 'missed',
  healthy: 'passed',
  inconclusive: 'inconclusive',
  'false alarm': 'false alarms',
}

/** `**32 of 70 seeded defects measured**: 32 caught under their own cause, 0 missed.` */
function summary(what: string, trials: readonly (Trial | undefined)[], kinds: readonly Ruling[]): string {
  const known = trials.filter((trial) => trial !== undefined)
  const counts = kinds.map((kind) => `${known.filter((trial) => rule(trial) === kind).length} ${STANDS_FOR[kind]}`)
  return `- **${known.length} of ${trials.length} ${what} measured**: ${counts.join(', ')}.`
}

function defectRow({ defect, trap, rehearsal, causes, warns }: Seeded, trial: Trial | undefined): string {
  const expected = `${code(causes)}${warns ? ' (warning)' : ''}`
  if (trial === undefined) return row('not measured', defect, trap, rehearsal, expected, '-', '-', '-')
  const warnings = (trial.told ?? []).filter(({ weight, cause }) => weight === 'warning' && causes.includes(cause))
  const found = warns ? [...trial.found, ...new Set(warnings.map(({ cause }) => cause))] : trial.found
  return row(rule(trial), defect, trap, rehearsal, expected, code(found), trial.verdict, measured(trial))
}

function healthyRow({ rehearsal }: Healthy, id: string, trial: Trial | undefined): string {
  const name = id.replace('healthy: ', '')
  if (trial === undefined) return row('not measured', name, rehearsal, '-', '-', ...held(trial), '-')
  return row(rule(trial), name, rehearsal, code(trial.found), trial.verdict, ...held(trial), measured(trial))
}
