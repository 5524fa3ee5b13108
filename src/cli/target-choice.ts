/** Flags of commands that read a rehearsal with its target file and use no cluster. */
import type { Command } from 'commander'
import type { Issue } from '../domain/issue.ts'
import { aFile, checkedFlag, checkedTogether, issueOfFlag } from './flags.ts'
import { type Inputs, readInputs, readTargetFile } from './inputs.ts'

export type TargetFlags = { readonly context?: string; readonly target?: string }

/** `content`: what the command needs of the target file, as in "the series". */
export function withTargetFlags(command: Command, content: string): Command {
  return checkedTogether(command, noTarget)
    .option(
      '--context <name>',
      `kube context whose target file has ${content} (targets/NAME.yaml beside the rehearsal)`,
    )
    .addOption(checkedFlag('--target <file>', `target file with ${content}`, aFile))
}

function noTarget({ context, target }: Readonly<Record<string, unknown>>): readonly Issue[] {
  if (context !== undefined || target !== undefined) return []
  const next = 'Say --context NAME, or --target FILE.'
  return [issueOfFlag('--target', { code: 'no-cluster', problem: 'no target file was chosen.', next })]
}

/** @throws BadInput */
export const readChosen = (rehearsal: string, { context, target }: TargetFlags): Inputs =>
  readInputs(rehearsal, context ?? readTargetFile(target ?? '').context, target)
