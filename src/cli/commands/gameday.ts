import type { Command } from 'commander'
import { EnvironmentError } from '../../controller/ports.ts'
import { type DecisionKind, decisionKinds, type NoteKind, noteKinds } from '../../domain/people.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { joinControl } from '../../live/control.ts'
import { parseRequest } from '../../live/requests.ts'
import { actorOf } from '../audit.ts'
import { BadInput } from '../failure.ts'
import { amongWords, checkedArgument, checkedFlag, issueOfFlag, outputFlag } from '../flags.ts'
import { complaintAbout } from '../runbook.ts'
import { jsonText, print, say, term } from '../terminal.ts'

type Who = { readonly as?: string; readonly role?: string; readonly output: string }
type NoteFlags = Who & { readonly kind: NoteKind; readonly about?: string }

export function addGameday(root: Command, finish: (code: number) => void): void {
  const gameday = root.command('gameday').description('write a note or a decision into a run that is under way')

  withWho(gameday.command('note').description('write a note into the journal of a run'))
    .argument('<folder>', 'folder of the run, such as reports/latest')
    .argument('<text...>', 'what was seen or done')
    .addOption(checkedFlag('--kind <kind>', noteKinds.join(', '), amongWords(noteKinds, 'kinds'), 'note'))
    .option('--about <harm>', 'the fault or action that it is about (default: every one that has begun)')
    .addHelpText(
      'after',
      '\nExamples:\n  matchday gameday note reports/latest "the checkout dashboard is still green"\n  matchday gameday note reports/latest --kind declared --role reporter "SEV2, Ana leads"\n  matchday gameday note reports/latest --kind step --about "psp-a down" "tell support"\n  matchday gameday note reports/latest --kind follow-up "alert on open circuit breakers"',
    )
    .action(async (folder: string, text: string[], flags: NoteFlags) =>
      finish(await note(folder, text.join(' '), flags)),
    )

  withWho(gameday.command('decide').description('record a decision; `stop` stops the run and heals it'))
    .argument('<folder>', 'folder of the run, such as reports/latest')
    .addArgument(checkedArgument('<decision>', decisionKinds.join(', '), amongWords(decisionKinds, 'decisions')))
    .option('--about <fault>', 'name of the fault; a gate needs it')
    .option('--reason <text>', 'why')
    .addHelpText(
      'after',
      '\nExamples:\n  matchday gameday decide reports/latest go --about "psp-a down" --role owner\n  matchday gameday decide reports/latest no-go --about "psp-a down" --role owner --reason "real incident in the other region"\n  matchday gameday decide reports/latest stop --reason "customers are affected"',
    )
    .action(async (folder: string, what: DecisionKind, flags: Who & { about?: string; reason?: string }) => {
      const { about, reason } = flags
      const said = { ...(about === undefined ? {} : { about }), ...(reason === undefined ? {} : { reason }) }
      finish(await tell(folder, flags.output, { ...speaker(flags), kind: 'decision', what, ...said }))
    })
}

async function note(folder: string, text: string, { kind: is, about, ...who }: NoteFlags): Promise<number> {
  const written = { is, text, ...(about === undefined ? {} : { about }) }
  const complaint = await complaintAbout(folder, written)
  if (complaint !== undefined) throw new BadInput([issueOfFlag('gameday', complaint)])
  return tell(folder, who.output, { ...speaker(who), kind: 'note', ...written })
}

const withWho = (command: Command): Command =>
  command
    .option('--as <name>', 'who says it (default: MATCHDAY_ACTOR, or the user of this machine)')
    .option('--role <role>', 'owner, coordinator, reporter or observer; a gate counts only answers of its role')
    .addOption(outputFlag())

const speaker = ({ as, role }: Who) => ({
  by: as ?? actorOf(process.env.MATCHDAY_ACTOR).user ?? 'unknown',
  via: 'terminal' as const,
  ...(role === undefined ? {} : { role }),
})

async function tell(folder: string, output: string, said: object): Promise<number> {
  const asked = parseRequest(said)
  if (!asked.ok)
    throw new BadInput([issueOfFlag('gameday', { problem: `${asked.problem}.`, next: 'See matchday gameday --help.' })])
  const controller = await joinControl(folder)
  if (controller === undefined)
    throw new EnvironmentError(
      `no run is under way in ${folder}`,
      'Notes and decisions are taken while a run is under way, by its controller. Give the folder that `matchday run` printed.',
    )
  const answer = await controller.ask(asked.request)
  controller.leave()
  if (!answer.ok) throw new EnvironmentError(answer.problem, 'See the console or the live page of the run.')
  if (output === 'json') print(jsonText({ format: 1, folder, written: asked.request }))
  else say(term`written into the journal of ${folder}`)
  return exitCodes.pass
}
