/** docs/conformance.md, from what was measured. */
import { head, plain, row } from '../../support/markdown.ts'
import { exceptionFor, type SpecException } from './exceptions.ts'
import { NETWORKINGS, type Networking, type Suite } from './flags.ts'
import { idOf, type Measured, type SpecTrial } from './kept.ts'

const table = (titles: readonly string[], rows: readonly string[]): readonly string[] => [...head(...titles), ...rows]

const named = (program: string, version: string): string => (version === '' ? program : `${program} ${version}`)

type Spec = { readonly suite: Suite; readonly name: string }

const TITLES: Readonly<Record<Suite, string>> = {
  e2e: 'Kubernetes: workloads, probes, lifecycle, eviction, quotas, slices',
  others: 'Kubernetes: all other [Conformance] specs that are not [Serial]',
  critest: 'CRI: [Conformance] specs of critest',
}

export function conformancePage(measured: Measured, exceptions?: readonly SpecException[]): string {
  const { versions, specs, trials } = measured
  const trialOf = (networking: Networking, { suite, name }: Spec) => trials[idOf(networking, suite, name)]
  const rowsOf = (suite: Suite): Spec[] => specs[suite].map((name) => ({ suite, name }))
  const suites = (['e2e', 'others', 'critest'] as const).filter((suite) =>
    NETWORKINGS.some((networking) => rowsOf(suite).some((spec) => trialOf(networking, spec))),
  )
  const failures = suites.flatMap((suite) =>
    rowsOf(suite).flatMap((spec) =>
      NETWORKINGS.flatMap((networking) => {
        const trial = trialOf(networking, spec)
        return trial?.outcome === 'failed' ? [{ ...spec, networking, trial }] : []
      }),
    ),
  )
  const known = (failure: { name: string; networking: Networking }) =>
    exceptionFor(failure.name, failure.networking, exceptions)
  return [
    '# Conformance of the lab',
    '',
    `What upstream's own suites say of the lab: Kubernetes' ${named('e2e.test', versions.kubernetes)} and ${named('critest', versions['cri-tools'])}, both unchanged, against a lab in`,
    "an empty network namespace. The pods run upstream's agnhost; its web server stands in for nginx, httpd and nautilus, and the shell and tools of the machine for busybox.",
    '`npm run conformance` runs each spec by itself, and makes this page from `test/conformance/kubernetes/measured.json`. A spec that was not run',
    'claims nothing. [ADR 67](adr/0067-upstream-suites-measure-the-lab.md) says which specs are chosen.',
    '',
    ...(suites.length === 0 ? ['No spec was run yet.', ''] : []),
    ...table(
      ['suite', 'specs', ...NETWORKINGS.map((networking) => `pod network \`${networking}\``)],
      suites.map((suite) =>
        row(
          TITLES[suite],
          `${specs[suite].length}`,
          ...NETWORKINGS.map((networking) => counts(rowsOf(suite).map((spec) => trialOf(networking, spec)))),
        ),
      ),
    ),
    '',
    ...(failures.length === 0 ? [] : ['## Failures', '', ...failureTables(failures, known)]),
    ...suites.flatMap((suite) => [
      `## ${TITLES[suite]}`,
      '',
      ...table(
        ['spec', ...NETWORKINGS.map((networking) => `\`${networking}\``), 'measured at'],
        rowsOf(suite).map((spec) => {
          const found = NETWORKINGS.map((networking) => trialOf(networking, spec))
          return row(plain(spec.name), ...found.map(cell), measuredAt(found))
        }),
      ),
      '',
    ]),
  ].join('\n')
}

type Failure = Spec & { readonly networking: Networking; readonly trial: SpecTrial }

/** Biggest groups first. */
function failureTables(failures: readonly Failure[], known: (failure: Failure) => SpecException | undefined): string[] {
  const groups = Map.groupBy(failures, (failure) => known(failure)?.kind ?? 'not examined yet')
  const sorted = [...groups].sort(([, a], [, b]) => b.length - a.length)
  const reasonOf = ([first]: readonly Failure[]) => (first && known(first)?.reason) ?? '-'
  return [
    ...table(
      ['kind', 'failures', 'reason'],
      sorted.map(([kind, found]) => row(kind, `${found.length}`, reasonOf(found))),
    ),
    '',
    ...table(
      ['kind', 'spec', 'pod network', 'what it said'],
      sorted.flatMap(([kind, found]) =>
        found.map(({ name, networking, trial }) => row(kind, plain(name), networking, plain(trial.message ?? '-'))),
      ),
    ),
    '',
  ]
}

function counts(trials: readonly (SpecTrial | undefined)[]): string {
  const found = trials.filter((trial) => trial !== undefined)
  if (found.length === 0) return 'not measured'
  const passed = found.filter(({ outcome }) => outcome === 'passed').length
  const left = trials.length - found.length
  return `**${passed}** passed, ${found.length - passed} failed${left === 0 ? '' : `, ${left} not measured`}`
}

const cell = (trial: SpecTrial | undefined): string =>
  trial === undefined ? 'not measured' : `${trial.outcome}, ${trial.seconds} s`

/** `31b0b82, 2026-11-30, root`; each once. */
const measuredAt = (trials: readonly (SpecTrial | undefined)[]): string =>
  [
    ...new Set(
      trials.flatMap((trial) =>
        trial === undefined ? [] : [`${trial.commit}, ${trial.date}${trial.user === 'root' ? ', by root' : ''}`],
      ),
    ),
  ].join('; ') || '-'
