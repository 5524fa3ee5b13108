import type { Command } from 'commander'
import { readVerifyKey } from '../../journal/signature.ts'
import { judgedAgain, printCapacity } from '../capacity-folder.ts'
import { judgeComparison, printComparison, writeComparison } from '../comparing.ts'
import { checkedFlag, outputFlag } from '../flags.ts'
import { tellGitHub } from '../github.ts'
import { judgeFolder, printJudgment, writeReports } from '../judging.ts'
import { type ServeFlags, serve, withServeFlags } from '../serve/serve.ts'
import { sessionIn } from '../session-kind.ts'
import { aKey, keyOf } from '../verifying.ts'

type Flags = ServeFlags & { readonly output: string; readonly verifyKey?: string }

/** `finish` receives the exit code. */
export function addJudge(root: Command, finish: (code: number) => void): void {
  const command = root
    .command('judge')
    .description('judge a stored run again, from its journal alone, and render its reports; or serve its verdict')
    .argument('[folder]', 'folder of the run (default: reports/latest; with --serve: reports)')
    .addOption(outputFlag())
    .addOption(
      checkedFlag(
        '--verify-key <file>',
        'public key (Ed25519, PEM): the journal must be signed with its private key',
        aKey(readVerifyKey),
      ),
    )
  withServeFlags(command)
    .addHelpText(
      'after',
      '\nExamples:\n  matchday judge\n  matchday judge reports/psp-down-at-peak-20261123-201500 --output json | jq .verdict.kind\n  matchday judge reports/latest --verify-key run-key.pub.pem\n  matchday judge --serve\n  MATCHDAY_JUDGE_TOKEN=… matchday judge reports --serve --listen 0.0.0.0:7071 --max-age 30m',
    )
    .action(async (given: string | undefined, flags: Flags) => {
      const key = keyOf('--verify-key', flags.verifyKey, readVerifyKey)
      if (flags.serve) return finish(await serve(given, flags, key))
      const folder = given ?? 'reports/latest'
      const session = await sessionIn(folder)
      if (session === 'capacity') {
        const result = await judgedAgain(folder)
        printCapacity(result, folder, flags.output)
        return finish(result.exitCode)
      }
      if (session === 'compare') {
        const comparison = await judgeComparison(folder)
        printComparison(comparison, writeComparison(folder, comparison), flags.output)
        return finish(comparison.exitCode)
      }
      const judged = await judgeFolder(folder, key)
      await writeReports(folder, judged)
      printJudgment(judged.judgment, folder, flags.output)
      tellGitHub(judged, process.env)
      finish(judged.judgment.exitCode)
    })
}
