// Chooses whether the pods of a lab get network namespaces of the kernel or the preload's emulation. Namespaces are tried at each boot, because no
// kernel setting tells reliably whether they work: containers and hardened machines refuse them in many ways.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { messageOf } from '../../domain/unknown.ts'
import { type Fields, isFields } from '../../protocols/fields.ts'
import { fieldsOf, textOf } from '../machine/json.ts'
import { LabError } from '../machine/lab-error.ts'
import type { LabNetwork, LabProcesses } from '../machine/state.ts'

/** `auto`: namespaces where the kernel lets this user make them, else the preload. */
export type NetworkChoice = 'namespaces' | 'preload' | 'auto'

export const NETWORK_CHOICES: readonly NetworkChoice[] = ['auto', 'namespaces', 'preload']
export const NETWORK_VARIABLE = 'MATCHDAY_LAB_NETWORK'

/** What MATCHDAY_LAB_NETWORK says, by default `auto`. @throws LabError for any other word */
export function networkChoice(env: NodeJS.ProcessEnv = process.env): NetworkChoice {
  const asked = env[NETWORK_VARIABLE] ?? ''
  const chosen = NETWORK_CHOICES.find((choice) => choice === asked)
  if (asked === '' || chosen) return chosen ?? 'auto'
  throw new LabError({
    code: 'lab-network-unknown',
    problem: `${NETWORK_VARIABLE} is ${JSON.stringify(asked)}, which is not a kind of pod network.`,
    next: `set it to one of ${NETWORK_CHOICES.join(', ')}, or unset it.`,
  })
}

/** @throws LabError when namespaces are asked for and this machine refuses them */
export async function chooseNetwork(choice: NetworkChoice, labnet: string | undefined): Promise<LabNetwork> {
  if (choice === 'preload') return { kind: 'preload', why: 'chosen' }
  const tried = labnet === undefined ? 'the program labnet is missing' : await tryOut(labnet)
  if (typeof tried !== 'string') return tried
  if (choice === 'auto') return { kind: 'preload', why: tried }
  throw new LabError({
    code: 'lab-namespaces-refused',
    problem: `this machine does not let you make network namespaces: ${tried}.`,
    next: 'allow user namespaces (Ubuntu: sysctl kernel.apparmor_restrict_unprivileged_userns=0), or use --network auto or preload.',
  })
}

/** What the kernel allows, or why it refuses. */
async function tryOut(labnet: string): Promise<LabNetwork | string> {
  try {
    const { stdout } = await promisify(execFile)(labnet, ['check'])
    const found: unknown = JSON.parse(stdout)
    if (!isFields(found) || !('ok' in found)) return 'labnet check gave no answer'
    if (found.ok !== true) return whyIn(found)
    return { kind: 'namespaces', labnet, processes: processesIn(fieldsOf(found.processes)) }
  } catch (error) {
    return messageOf(error)
  }
}

const processesIn = (found: Fields): LabProcesses =>
  found.ok === true ? { kind: 'own' } : { kind: 'shared', why: whyIn(found) }

const whyIn = ({ why }: Fields): string => textOf(why) || 'no reason given'
