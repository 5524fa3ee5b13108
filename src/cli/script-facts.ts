/** Asks k6 about the script of a rehearsal. A script that does not load is bad input. It is found before anything is booted or touched. */
import { k6LoadGenerator } from '../adapters/k6/load-generator.ts'
import type { LoadShape } from '../controller/ports.ts'
import { secretVariables } from '../domain/rehearsal.ts'
import type { ScriptFacts } from '../domain/script.ts'
import { BadInput } from './failure.ts'
import type { Inputs } from './inputs.ts'
import { say, term } from './terminal.ts'
import { k6Settings } from './wiring.ts'

type Script = Pick<Inputs, 'rehearsal'> & Partial<Inputs>

/**
 * What a rehearsal needs from its script. A script may refuse to load without its credentials, so it is given words in their place: nothing that k6
 * says of the script can quote a real one.
 */
export function loadShapeOf({ rehearsal, target }: Script): LoadShape {
  const { arrivals, sockets, own, env } = rehearsal.load
  const placeholders = Object.keys(target?.credentials ?? {}).map((name) => [name, `credential-${name}`] as const)
  return {
    profiles: Object.keys(arrivals),
    sockets: sockets !== undefined,
    ...(own ? { own } : {}),
    env: { ...env, ...Object.fromEntries(placeholders) },
    ...(target && { withheld: secretVariables(target) }),
  }
}

/** @throws BadInput */
export async function scriptFacts(k6: string, inputs: Script): Promise<ScriptFacts> {
  const { script } = inputs.rehearsal.load
  const { issues, notes, facts } = await k6LoadGenerator(k6Settings(k6)).inspect(script, loadShapeOf(inputs))
  if (facts === undefined || issues.length > 0) throw new BadInput(issues)
  for (const note of notes) say(term`${note}`)
  return facts
}
