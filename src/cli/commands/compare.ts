import type { Command } from 'commander'
import type { Issue } from '../../domain/issue.ts'
import { urlToShow } from '../../domain/unknown.ts'
import { flagShapes } from '../../files/flags.ts'
import { withLabFlags } from '../cluster-choice.ts'
import { compareStored, compareWithBaseline, readAll, refusal } from '../compare-runs.ts'
import type { SessionFlags } from '../compare-session.ts'
import { isEntry } from '../entry.ts'
import {
  aFile,
  aFolder,
  aFolderToWrite,
  checkedFlag,
  checkedTogether,
  issueOfFlag,
  ofShape,
  outputFlag,
  type ValueCheck,
} from '../flags.ts'

type Flags = SessionFlags & { readonly baseline?: string; readonly keep?: string }

export function addCompare(root: Command, finish: (code: number) => void): void {
  const command = root
    .command('compare')
    .description('is release B worse than release A: measured in turn by a rehearsal, or from stored runs')
    .argument('[what...]', 'a *.rehearsal.yaml, or folders of stored runs')
    .addOption(
      checkedFlag(
        '--a <name...>',
        'release A: a name in the target file or a URL; or folders of its stored runs',
        aSide,
      ),
    )
    .addOption(checkedFlag('--b <name...>', 'release B, the one that is judged', aSide))
    .option('--aa', 'compare release A with itself, and store the spread')
    .option('--duet', 'measure both at the same time, at half of the load each: for noisy machines')
  withSessionFlags(checkedTogether(command, sideIssues))
    .addOption(checkedFlag('--baseline <folder>', 'stored runs of the last good release: release A', aFolderToWrite))
    .addOption(
      checkedFlag(
        '--keep <runs>',
        'with --baseline: add B to it if B passed and is not worse; the newest N runs are kept',
        ofShape(flagShapes.runs, '--keep'),
      ),
    )
    .addOption(outputFlag())
    .option('-q, --quiet', 'no progress, only the outcome')
    .addHelpText('after', HELP)
    .action(async (what: string[], flags: Flags) => finish(await compare(what, flags)))
}

const HELP = `
Exit code 0: B is proven not worse, 1: B is worse, 3: undecided (it says about how many more pairs it needs), 4: stopped.

Examples:
  matchday compare scenarios/psp-down-at-peak.rehearsal.yaml --lab --a stable --b next
  matchday compare scenarios/psp-down-at-peak.rehearsal.yaml --target scenarios/targets/lab.yaml --a http://127.0.0.1:8080 --b http://127.0.0.1:8081 --duet
  matchday compare scenarios/psp-down-at-peak.rehearsal.yaml --lab --a stable --aa
  matchday compare reports/RUN-OF-A reports/RUN-OF-B
  matchday compare --a reports/A1 reports/A2 --b reports/B1 reports/B2
  matchday compare reports/latest --baseline baseline --output json
  matchday compare reports/latest --baseline baseline --keep 10`

function withSessionFlags(command: Command): Command {
  return withLabFlags(command)
    .option('--lab', 'the lab of this machine: it is locked, watched, and waited for until it is at rest')
    .option('--context <name>', 'context of the kubeconfig: its cluster is locked and watched in the same way')
    .addOption(checkedFlag('--kubeconfig <file>', 'kubeconfig to read instead of the default', aFile))
    .addOption(
      checkedFlag('--target <file>', 'target file; without --lab or --context, matchday only sends load', aFile),
    )
    .addOption(
      checkedFlag(
        '--seed <number>',
        'seed of the order of the blocks (default: a new one)',
        ofShape(flagShapes.seed, '--seed'),
      ),
    )
    .addOption(checkedFlag('--reports <folder>', 'where the comparison gets its folder', aFolderToWrite, 'reports'))
}

/** A name or a path is looked up later, when it is known which of them it must be; a URL can be checked now. */
const aSide: ValueCheck = (written) => {
  const next = 'Give a name in releases of the target file, a URL, or the folder of a run.'
  if (written.trim() === '') return { problem: 'it is empty.', next }
  if (!/^[a-z]+:\/\//.test(written) || isEntry(written)) return undefined
  return { problem: `"${urlToShow(written)}" is no http or https URL without a query.`, next }
}

/** Which kind of comparison is wanted is seen from the arguments, so that flags can only be checked roughly here. */
function sideIssues({ a, b, aa, duet, baseline, keep }: Readonly<Record<string, unknown>>): readonly Issue[] {
  const wrong = (flag: string, problem: string, next: string) => [issueOfFlag(flag, { problem, next })]
  if (aa && b !== undefined)
    return wrong('--aa', '--aa compares A with itself, and --b names another.', 'Leave out one of them.')
  if (baseline !== undefined && (a !== undefined || aa || duet))
    return wrong(
      '--baseline',
      '--baseline is release A of a comparison of stored runs.',
      'Leave out --a, --aa and --duet.',
    )
  if (keep !== undefined && baseline === undefined)
    return wrong('--keep', '--keep says how many runs a baseline holds.', 'Add --baseline FOLDER.')
  // With --keep, the first run makes the folder.
  const missing = typeof baseline === 'string' && keep === undefined ? aFolder(baseline) : undefined
  return missing === undefined ? [] : [issueOfFlag('--baseline', missing)]
}

async function compare(what: readonly string[], flags: Flags): Promise<number> {
  const [first = ''] = what
  if (what.length === 1 && /\.ya?ml$/.test(first)) {
    if (flags.baseline !== undefined)
      throw refusal(
        '--baseline',
        'it holds stored runs, and a rehearsal measures both releases now.',
        'Leave out one of them.',
      )
    const { compareReleases } = await import('../compare-session.ts')
    return compareReleases(first, flags)
  }
  if (flags.baseline !== undefined) return compareWithBaseline([...what, ...(flags.b ?? [])], flags.baseline, flags)
  const { a, b } = sidesOf(what, flags)
  return compareStored(await readAll(a), await readAll(b), flags).exitCode
}

type Sides = { readonly a: readonly string[]; readonly b: readonly string[] }

/** @throws BadInput where it is not clear which run belongs to which release */
function sidesOf(what: readonly string[], { a, b }: Flags): Sides {
  if (a !== undefined || b !== undefined) {
    if (a === undefined || b === undefined)
      throw refusal(a === undefined ? '--a' : '--b', 'one side is missing.', 'Give --a and --b.')
    return { a, b: [...what, ...b] }
  }
  const [left, right, ...more] = what
  if (left === undefined || right === undefined || more.length > 0)
    throw refusal(
      'what',
      `${what.length} runs do not say which release each belongs to.`,
      'Give two runs (A, then B), or --a RUN … --b RUN ….',
    )
  return { a: [left], b: [right] }
}
