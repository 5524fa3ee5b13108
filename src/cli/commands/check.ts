import type { Command } from 'commander'
import { readRelease } from '../../adapters/kubernetes/release.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { type CheckFinding, checkRelease, QUESTIONS } from '../../plan/checklist/checklist.ts'
import { type ClusterFlags, chooseCluster, contextOf, withClusterFlags } from '../cluster-choice.ts'
import { readTarget } from '../inputs.ts'
import { stopSignal } from '../stop-signal.ts'
import { onStdout, print } from '../terminal.ts'

type Flags = ClusterFlags & { readonly output: string }

export function addCheck(root: Command, finish: (code: number) => void): void {
  const command = root
    .command('check')
    .description("hold a target's workloads against the release checklist; touches nothing")
  withClusterFlags(command)
    .option('-o, --output <format>', 'text or json', 'text')
    .addHelpText(
      'after',
      '\nExit code 1: something is missing.\n\nExamples:\n  matchday check --lab\n  matchday check --context staging-eu --output json',
    )
    .action(async (flags: Flags) => finish(await check(flags)))
}

async function check(flags: Flags): Promise<number> {
  const { namespace } = readTarget(contextOf(flags), flags.target)
  const { api } = await chooseCluster({ ...flags, workload: '', overlay: [] }, false, stopSignal())
  const release = await readRelease(api, namespace)
  const findings = checkRelease(release)
  if (flags.output === 'json') print(JSON.stringify({ namespace, findings, questions: QUESTIONS }, undefined, 2))
  else show(findings, release.workloads.length, namespace)
  return findings.length === 0 && release.workloads.length > 0 ? exitCodes.pass : exitCodes.fail
}

function show(findings: readonly CheckFinding[], workloads: number, namespace: string): void {
  print(`${workloads} workloads in ${namespace}: ${findings.length} findings`)
  for (const { check, subject, problem, next } of findings)
    print(`  ${onStdout('yellow', check.padEnd(12))} ${subject} ${problem}. Next: ${next}`)
  print('\nNobody but you can answer these:')
  for (const question of QUESTIONS) print(`  ${question}`)
}
