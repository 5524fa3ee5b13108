import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Command } from 'commander'
import { scriptFromHar } from '../../adapters/k6/from-har.ts'
import type { Issue } from '../../domain/issue.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { flagShapes, parseFlag } from '../../files/flags.ts'
import { readHar } from '../../protocols/har/har.ts'
import { BadInput } from '../failure.ts'
import { aFile, aFolderToWrite, checkedArgument, checkedFlag, ofShape, outputFlag, type ValueCheck } from '../flags.ts'
import { tryScript } from '../script-try.ts'
import { jsonText, print, say, term } from '../terminal.ts'

type TryFlags = { readonly for: string; readonly entry: string; readonly output: string }

export function addScenario(root: Command, finish: (code: number) => void): void {
  const scenario = root.command('scenario').description('try a k6 script, or write one from a recording')
  scenario
    .command('try')
    .description('run a script for a few seconds, without a cluster, and show what each SLI saw')
    .addArgument(checkedArgument('<file>', 'a k6 script, or a *.rehearsal.yaml with its script and its slis', aFile))
    .addOption(checkedFlag('--for <duration>', 'how long', ofShape(flagShapes.duration, '--for'), '5s'))
    .addOption(
      checkedFlag(
        '--entry <url>',
        'value of {entry} in load.env, and of plan.entry in the library',
        aUrl,
        'http://127.0.0.1:8080',
      ),
    )
    .addOption(outputFlag())
    .addHelpText(
      'after',
      '\nThe script sees the environment: BASE_URL=http://127.0.0.1:8080 matchday scenario try checkout.js\n\nExamples:\n  matchday scenario try k6/checkout.js\n  matchday scenario try checkout.rehearsal.yaml --for 10s --entry https://staging.example.test\n  matchday scenario try k6/checkout.js --output json',
    )
    .action(async (file: string, flags: TryFlags) => {
      const lasts = parseFlag(flagShapes.duration, '--for', flags.for)
      if (!lasts.ok) throw new BadInput(lasts.issues)
      finish(await tryScript(file, { lastsMs: lasts.value, entry: flags.entry, output: flags.output }))
    })
  scenario
    .command('from')
    .description('write a readable k6 script from a recording of a browser: one function for each page')
    .addArgument(checkedArgument('<file.har>', 'a HAR, as browsers save it (network tab, save all as HAR)', aFile))
    .addOption(
      checkedFlag(
        '--out <file>',
        'the script to write; an existing file is never overwritten (default: FILE.js here)',
        aNewFile,
      ),
    )
    .addOption(outputFlag())
    .addHelpText(
      'after',
      '\nExamples:\n  matchday scenario from checkout.har\n  matchday scenario from checkout.har --out k6/checkout.js',
    )
    .action((file: string, flags: { readonly out?: string; readonly output: string }) => {
      finish(fromHar(file, flags.out ?? `${basename(file).replace(/\.har$/i, '')}.js`, flags.output))
    })
}

const aUrl: ValueCheck = (written) =>
  /^https?:\/\//.test(written) && URL.canParse(written)
    ? undefined
    : { problem: `${written} is no URL of HTTP.`, next: 'Write for example http://127.0.0.1:8080.' }

const aNewFile: ValueCheck = (path) =>
  existsSync(path)
    ? { code: 'file-exists', problem: 'this file exists already.', next: 'Choose another one.' }
    : aFolderToWrite(dirname(path))

function fromHar(file: string, out: string, output: string): number {
  const refuse = (at: string, told: Pick<Issue, 'code' | 'problem' | 'next'>): never => {
    throw new BadInput([{ at: { file: at, line: 0, column: 0 }, ...told }])
  }
  const read = readHar(readFileSync(file, 'utf8'))
  if (!read.ok) {
    const next = 'save the recording again: network tab, save all as HAR.'
    return refuse(file, { code: 'har-unreadable', problem: read.problem, next })
  }
  const made = scriptFromHar(read.har, basename(file))
  if (made === undefined) {
    const next = 'record a visit that talks to your service.'
    return refuse(file, { code: 'har-empty', problem: 'it has only requests for static files.', next })
  }
  if (existsSync(out)) {
    const next = 'choose another one with --out.'
    return refuse(out, { code: 'file-exists', problem: 'this file exists already.', next })
  }
  mkdirSync(dirname(out), { recursive: true })
  writeFileSync(out, made.script, { flag: 'wx' })
  const { journeys, requests, skipped } = made
  if (output === 'json') print(jsonText({ format: 1, script: out, journeys, requests, skipped }))
  else {
    print(term`${out}: ${journeys.length} journeys (${journeys.join(', ')}), ${requests} requests`)
    say(term`left out: ${skipped.staticFiles} static files, ${skipped.otherHosts} requests to other hosts, credentials`)
    say(term`Next: look through the recorded data in it, then matchday scenario try ${out}`)
  }
  return exitCodes.pass
}
