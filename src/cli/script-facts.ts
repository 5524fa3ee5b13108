/** Asks k6 about the script of a rehearsal. A script that does not load is bad input. It is found before anything is booted or touched. */
import { k6LoadGenerator } from '../adapters/k6/load-generator.ts'
import type { ScriptFacts } from '../domain/script.ts'
import { BadInput } from './failure.ts'
import type { Inputs } from './inputs.ts'
import { say, term } from './terminal.ts'
import { k6Settings } from './wiring.ts'

/** @throws BadInput */
export async function scriptFacts(k6: string, { rehearsal }: Pick<Inputs, 'rehearsal'>): Promise<ScriptFacts> {
  const { script, arrivals, sockets, own, env } = rehearsal.load
  const load = {
    profiles: Object.keys(arrivals),
    sockets: sockets !== undefined,
    ...(own ? { own } : {}),
    ...(env ? { env } : {}),
  }
  const { issues, notes, facts } = await k6LoadGenerator(k6Settings(k6)).inspect(script, load)
  if (facts === undefined || issues.length > 0) throw new BadInput(issues)
  for (const note of notes) say(term`${note}`)
  return facts
}
