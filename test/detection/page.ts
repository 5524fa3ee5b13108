/** The matrix as Markdown: docs/detection.md. */
import { type Ruling, rule, type Trial } from './outcome.ts'

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const held = ({ footprint }: Trial): readonly string[] =>
  footprint === undefined
    ? ['-', '-', '-']
    : [`${footprint.processes}`, `${footprint.megabytes} MB`, `${footprint.leftObjects}`]
const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ') || '-'

const minutesOf = (trials: readonly Trial[]): number =>
  Math.round(trials.reduce((sum, { seconds = 0 }) => sum + seconds, 0) / 60)

/** Trials take an hour, in which a judge may learn: what was read again by a later one says so. */
function commitsOf(trials: readonly Trial[]): string {
  const counted = (of: (trial: Trial) => string | undefined): string =>
    [...Map.groupBy(trials, (trial) => of(trial) ?? '')]
      .filter(([commit]) => commit !== '')
      .map(([commit, those]) => `${those.length} at ${commit}`)
      .join(', ')
  const again = counted((trial) => trial.judgedAgainAt)
  return `runs: ${counted((trial) => trial.commit)}${again === '' ? '' : `; judged again from their evidence: ${again}`}`
}

export type Circumstances = {
  readonly date: string
  readonly cores: number
  /** What was asked for and has no trial yet. */
  readonly missing?: readonly string[]
}

export function detectionPage(trials: readonly Trial[], { date, cores, missing = [] }: Circumstances): string {
  const seeded = trials.flatMap((trial) => (trial.seeded === undefined ? [] : [{ trial, seeded: trial.seeded }]))
  const healthy = [
    ...Map.groupBy(
      trials.filter((trial) => trial.seeded === undefined),
      ({ rehearsal }) => rehearsal,
    ).values(),
  ].flat()
  const count = (kind: Ruling): number => trials.filter((trial) => rule(trial) === kind).length
  return [
    '# Detection matrix',
    '',
    'Each seeded defect is a kustomize component of a few lines in `test/canary/defects`. The platform runs with it, a rehearsal is',
    'performed, and the judge, who knows nothing of the defect, has to name its cause. `npm run detect` makes this page.',
    '',
    `Measured until ${date} on ${cores} cores in ${minutesOf(trials)} min; ${commitsOf(trials)}.`,
    `**${count('caught')} of ${seeded.length} defects caught under their own cause**, ${count('unnamed')} not passed but named otherwise, ${count('missed')} missed;`,
    `${healthy.length} healthy runs: ${count('healthy')} passed, ${count('inconclusive')} inconclusive, ${count('false alarm')} false alarms.`,
    ...(missing.length > 0 ? ['', `Not run: ${missing.join(', ')}.`] : []),
    '',
    row('', 'defect', 'trap', 'rehearsal', 'expected', 'found', 'verdict'),
    row(...Array.from({ length: 7 }, () => '---')),
    ...seeded.map(({ trial, seeded: { defect, trap, causes } }) =>
      row(rule(trial), defect, trap, trial.rehearsal, code(causes), code(trial.found), trial.verdict),
    ),
    '',
    '## Healthy runs',
    '',
    'Processes, memory (proportional) and labelled objects are those of the lab after the run, which stayed up for all of them.',
    '',
    row('', 'rehearsal', 'found', 'verdict', 'processes', 'memory', 'left objects'),
    row(...Array.from({ length: 7 }, () => '---')),
    ...healthy.map((trial) => row(rule(trial), trial.rehearsal, code(trial.found), trial.verdict, ...held(trial))),
    '',
  ].join('\n')
}
