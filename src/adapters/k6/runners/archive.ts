/**
 * Everything that a script needs in one file: `k6 archive` finds the modules, the data of `open`, and the proto files. The archive goes into a ConfigMap, so
 * that the runners need no image of their own.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { EnvironmentError } from '../../../controller/ports.ts'
import { formatIssue } from '../../../domain/issue.ts'
import type { LoadPlan } from '../../../domain/timeline.ts'
import { isObject } from '../../../domain/unknown.ts'
import { FIXTURES_MARK, INSPECT_VARIABLE, PLAN_VARIABLE, writeLoadPlan } from '../../../wire/load-plan.ts'
import { bundleForRunners } from '../entry.ts'
import { k6Environment } from '../inspect.ts'
import { waysToLoad } from '../loadable.ts'
import { spoken } from '../log.ts'

export type ScriptArchive = {
  readonly content: Buffer
  /** Which functions of its own the script has. Each is called once for all runners. */
  readonly fixtures: { readonly setup: boolean; readonly teardown: boolean }
  /** Variables that the archived script was loaded with, but for credentials; the runners need the same. */
  readonly env: Readonly<Record<string, string>>
}

export type ToArchive = {
  readonly binary: string
  /** Bundles are kept here. */
  readonly cacheFolder: string
  readonly script: string
  readonly plan: LoadPlan
  readonly credentials: Readonly<Record<string, string>>
  /** Hides the values of credentials in what k6 said. */
  readonly redact?: (text: string) => string
  readonly withheld: readonly string[]
  /** The script keeps its own setup and teardown, and each instance performs them. */
  readonly asItIs?: boolean
}

/** A ConfigMap holds 1 MiB, names and labels included. */
const ARCHIVE_BYTES_MAX = 1000 * 1024
const PATIENCE_MS = 30_000

export async function archiveOf(wanted: ToArchive): Promise<ScriptArchive> {
  const { binary, script, cacheFolder, plan, credentials, withheld, asItIs, redact = (text) => text } = wanted
  const bundle = await bundleOf(script, cacheFolder)
  // k6 opens the plan by its path, also from the archive. It replaces user names in archived paths, so the file is not in a home folder.
  const folder = await mkdtemp(join(tmpdir(), 'matchday-load-'))
  try {
    const planFile = join(folder, 'load-plan.json')
    const file = join(folder, 'load.tar')
    await writeFile(planFile, writeLoadPlan(plan))
    const env = { ...plan.env, [PLAN_VARIABLE]: planFile }
    // Without --exclude-env-vars the archive would hold the variables, credentials among them.
    const flags = ['--quiet', '--no-color', '--log-format=json', '--include-system-env-vars', '--exclude-env-vars']
    const said = await run(binary, ['archive', ...flags, '-O', file, '-'], {
      input: asItIs ? bundle : bundleForRunners(bundle),
      cwd: dirname(resolve(script)),
      env: { ...k6Environment(withheld), ...env, ...credentials, [INSPECT_VARIABLE]: '1' },
      redact,
    })
    const content = placed(await readFile(file))
    if (content.length > ARCHIVE_BYTES_MAX) throw tooLarge(script, content.length)
    return { content, fixtures: fixturesIn(said), env }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function bundleOf(script: string, cacheFolder: string): Promise<string> {
  const { ways, issues } = await waysToLoad(script, cacheFolder)
  const way = ways.find(({ bundled }) => bundled)
  if (way !== undefined) return readFile(way.file, 'utf8')
  throw new EnvironmentError(issues.map(formatIssue).join('\n'), 'correct the scenario: runners get it as a bundle.')
}

const tooLarge = (script: string, bytes: number): EnvironmentError =>
  new EnvironmentError(
    `${script} with its data has ${Math.ceil(bytes / 1024)} kB; runners get it in a ConfigMap, which holds ${ARCHIVE_BYTES_MAX / 1024} kB.`,
    'let the script read less data, or remove load from the target file.',
  )

type Input = {
  readonly input: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly redact: (text: string) => string
}

/** What k6 logged. */
function run(binary: string, args: readonly string[], { input, redact, ...from }: Input): Promise<string> {
  return new Promise((done, fail) => {
    const limits = { timeout: PATIENCE_MS, killSignal: 'SIGKILL', maxBuffer: 64 << 20 } as const
    const child = execFile(binary, [...args], { ...limits, ...from }, (error, _, stderr) => {
      if (error === null) return done(stderr)
      const problems = stderr
        .split('\n')
        .filter(Boolean)
        .map((line) => redact(spoken(line).text))
      fail(
        new EnvironmentError(
          `k6 cannot make an archive of the script: ${problems.join('; ')}`,
          'try `k6 archive` with the script.',
          error,
        ),
      )
    })
    child.stdin?.on('error', () => undefined).end(input)
  })
}

const BLOCK = 512
/** Of a header of tar: the size of the file in octal. */
const SIZE_AT = 124

/**
 * k6 archives a script from stdin as `/-`, so that a relative `open` would look in the root folder. The archive's first file holds the path of the script: this
 * changes it to the folder that the script was archived in. Blanks fill the rest of the old length, so that the size in the tar header stays right.
 */
function placed(archive: Buffer): Buffer {
  const size = Number.parseInt(archive.toString('latin1', SIZE_AT, SIZE_AT + 11), 8)
  const metadata: unknown = JSON.parse(archive.toString('utf8', BLOCK, BLOCK + size))
  if (!isObject(metadata) || typeof metadata.pwd !== 'string') throw new Error('the archive of k6 has no pwd')
  const moved = JSON.stringify({ ...metadata, filename: `${metadata.pwd.replace(/\/?$/, '/')}matchday-entry.js` })
  const bytes = Buffer.byteLength(moved)
  if (bytes > size) throw new Error('the metadata of the archive has become longer')
  archive.write(moved + ' '.repeat(size - bytes), BLOCK)
  return archive
}

function fixturesIn(said: string): ScriptArchive['fixtures'] {
  const told = said
    .split('\n')
    .map((line) => spoken(line).text)
    .find((text) => text.startsWith(`${FIXTURES_MARK} `))
  const value: unknown = told === undefined ? {} : JSON.parse(told.slice(FIXTURES_MARK.length + 1))
  const { setup = false, teardown = false } = isObject(value) ? value : {}
  return { setup: setup === true, teardown: teardown === true }
}
