import type { Command } from 'commander'
import { exitCodes } from '../../domain/verdict.ts'
import type { BuiltArchive } from '../../lab/images/oci/build-archives.ts'
import { BadInput } from '../failure.ts'
import {
  aFileOrFolder,
  aFolderToWrite,
  amongWords,
  checkedFlag,
  issueOfFlag,
  outputFlag,
  type ValueCheck,
} from '../flags.ts'
import { requireLab } from '../lab-loading.ts'
import { VERSION } from '../package.ts'
import { REFERENCE_WORKLOAD } from '../reference-workload.ts'
import { stopSignal, stopsOnly } from '../stop-signal.ts'
import { jsonText, onStderr, print, say, term } from '../terminal.ts'

type Flags = {
  readonly workload: string
  readonly out: string
  readonly registry?: string
  readonly tag: string
  readonly output: string
}

export function addImages(root: Command, finish: (code: number) => void): void {
  root
    .command('images')
    .description('images of a workload for any cluster, without Docker')
    .command('build')
    .description('write an OCI archive for each service of a workload, and a kustomize component with their digests')
    .argument(
      '[names...]',
      'which images (default: all that the workload bundles, and PostgreSQL if one is built on it)',
    )
    .addOption(checkedFlag('--workload <folder>', 'folder with a workload.yaml', aFileOrFolder, REFERENCE_WORKLOAD))
    .addOption(checkedFlag('--out <folder>', 'where the archives go', aFolderToWrite, 'images'))
    .addOption(
      checkedFlag('--registry <prefix>', 'what comes before each name, such as registry.example.com/team', aPrefix),
    )
    .addOption(checkedFlag('--tag <tag>', 'tag of all images; manifests name digests', aTag, VERSION))
    .addOption(outputFlag())
    .addHelpText('after', EXAMPLES)
    .action(async (names: readonly string[], flags: Flags) => {
      const built = await build(names, flags)
      if (flags.output === 'json') print(jsonText({ format: 1, images: built }))
      else for (const { name, digest, file } of built) print(term`${name.padEnd(26)} ${digest}  ${file}`)
      finish(exitCodes.pass)
    })
}

const EXAMPLES = `
An image holds the Node of this machine, the libraries that it loads and one bundled service: no shell, user 65532 (PostgreSQL: 999). It runs on
nodes of this machine's architecture. The same sources and Node give the same digest; images with PostgreSQL get a new one with each build.

Examples:
  matchday images build
  matchday images build casino/wallet casino/psp --out /tmp/images
  for each in images/*.tar; do kind load image-archive "$each"; done        # kind
  for each in images/*.tar; do sudo ctr -n k8s.io images import "$each"; done # a node with containerd
  matchday images build --registry registry.example.com/team -o json |      # a registry
    jq -r '.images[] | "\\(.file) \\(.reference)"' | while read -r file reference; do
      layout=$(mktemp -d); tar -xf "$file" -C "$layout"; crane push --index "$layout" "$reference"; done
Then list the folder below \`components\` of your kustomization: docs/how-to/run-the-reference-platform.md.`

async function build(
  names: readonly string[],
  { workload, out, registry, tag }: Flags,
): Promise<readonly BuiltArchive[]> {
  requireLab()
  const [{ buildArchives }, { readWorkload }, { POSTGRES_NAME }] = await Promise.all([
    import('../../lab/images/oci/build-archives.ts'),
    import('../../lab/workload/workload.ts'),
    import('../../lab/images/postgres.ts'),
  ])
  const { images, ready } = readWorkload(workload)
  const isBase = images.some(({ from }) => from === POSTGRES_NAME)
  const known = [...images.map(({ name }) => name), ...(isBase ? [POSTGRES_NAME] : [])]
  refuseUnknown(names, known)
  const isChosen = (name: string): boolean => names.length === 0 || names.includes(name)
  for (const { name } of ready.filter((each) => isChosen(each.name)))
    say(term`${name} is left out: it is no bundled service, so it has an image already or needs one of your own`)
  const startedAt = performance.now()
  return buildArchives({
    folder: out,
    sources: images.filter(({ name }) => isChosen(name)),
    postgres: isBase && isChosen(POSTGRES_NAME),
    tag,
    ...(registry === undefined ? {} : { registry }),
    signal: stopSignal(stopsOnly('stopping; archives that are complete stay…')),
    onProgress: (text) =>
      say(term`${onStderr('dim', `${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s`)} ${text}`),
  })
}

/** All of them at once. The names are known only when the workload is read. */
function refuseUnknown(names: readonly string[], known: readonly string[]): void {
  const check = amongWords(known, 'images')
  const issues = names.flatMap((name) => {
    const complaint = check(name)
    return complaint === undefined ? [] : [issueOfFlag('names', complaint)]
  })
  if (issues.length > 0) throw new BadInput(issues)
}

// As the distribution specification allows them.
const TAG = /^\w[\w.-]{0,127}$/
const PREFIX = /^[a-z0-9]+([.-][a-z0-9]+)*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/

const aTag: ValueCheck = (text) =>
  TAG.test(text)
    ? undefined
    : { problem: `${text} is no tag.`, next: 'Use letters, digits, _, . and -, at most 128 of them.' }

const aPrefix: ValueCheck = (text) =>
  PREFIX.test(text)
    ? undefined
    : {
        problem: `${text} is no prefix of an image name.`,
        next: 'Write it as registry.example.com/team: lower case, without https://.',
      }
