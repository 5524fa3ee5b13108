import type { Command } from 'commander'
import { readVerifyKey } from '../../journal/signature.ts'
import { isComparison, judgeComparison, printComparison, writeComparison } from '../comparing.ts'
import { checkedFlag, outputFlag } from '../flags.ts'
import { tellGitHub } from '../github.ts'
import { judgeFolder, printJudgment, writeReports } from '../judging.ts'
import { aKey, keyOf } from '../verifying.ts'

/** `finish` receives the exit code. */
export function addJudge(root: Command, finish: (code: number) => void): void {
  root
    .command('judge')
    .description('judge a stored run again, from its journal alone, and render its reports')
    .argument('[folder]', 'folder of the run', 'reports/latest')
    .addOption(outputFlag())
    .addOption(
      checkedFlag(
        '--verify-key <file>',
        'public key (Ed25519, PEM): the journal must be signed with its private key',
        aKey(readVerifyKey),
      ),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  matchday judge\n  matchday judge reports/psp-down-at-peak-20261123-201500 --output json | jq .verdict.kind\n  matchday judge reports/latest --verify-key run-key.pub.pem',
    )
    .action(async (folder: string, flags: { output: string; verifyKey?: string }) => {
      if (await isComparison(folder)) {
        const comparison = await judgeComparison(folder)
        printComparison(comparison, writeComparison(folder, comparison), flags.output)
        return finish(comparison.exitCode)
      }
      const judged = await judgeFolder(folder, keyOf('--verify-key', flags.verifyKey, readVerifyKey))
      await writeReports(folder, judged)
      printJudgment(judged.judgment, folder, flags.output)
      tellGitHub(judged, process.env)
      finish(judged.judgment.exitCode)
    })
}
