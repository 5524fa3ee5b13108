/** A stored search: its journal → result and page, offline. */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CapacityResult, capacityResult } from '../capacity/result.ts'
import { type CapacitySeen, createCapacitySeen } from '../capacity/seen.ts'
import { EnvironmentError } from '../controller/ports.ts'
import { messageOf } from '../domain/unknown.ts'
import { readJournal } from '../journal/read.ts'
import { capacityPage } from '../report/capacity-page.ts'
import { capacityText } from './capacity-text.ts'
import { jsonText, onStdout, print } from './terminal.ts'

/** @throws EnvironmentError where the folder's journal is not that of a search */
async function readCapacity(folder: string): Promise<CapacitySeen> {
  const seen = createCapacitySeen()
  for await (const { record } of readJournal(join(folder, 'journal.ndjson'))) seen.add(record)
  if (seen.session === undefined)
    throw new EnvironmentError(
      `${folder} holds no search for capacity`,
      'Give the folder of a `matchday capacity` run.',
    )
  return seen
}

/** @throws EnvironmentError as `readCapacity` */
export async function resultIn(folder: string): Promise<CapacityResult> {
  return (await seenIn(folder)).result
}

async function seenIn(folder: string): Promise<{ readonly seen: CapacitySeen; readonly result: CapacityResult }> {
  const seen = await readCapacity(folder)
  const result = capacityResult(seen)
  if (result === undefined) throw new EnvironmentError(`${folder} says nothing of a search`, 'Give another folder.')
  return { seen, result }
}

/** The result of a stored search, from its journal alone; page and JSON are written anew. @throws EnvironmentError as `readCapacity` */
export async function judgedAgain(folder: string): Promise<CapacityResult> {
  const { seen, result } = await seenIn(folder)
  writeCapacity(folder, seen, result)
  return result
}

function writeCapacity(folder: string, seen: CapacitySeen, result: CapacityResult): void {
  writeWhole(join(folder, 'capacity.json'), `${JSON.stringify(result, undefined, 2)}\n`)
  writeWhole(join(folder, 'capacity.html'), capacityPage(result, seen))
}

function writeWhole(path: string, text: string): void {
  try {
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  } catch (error) {
    const problem = messageOf(error)
    throw new EnvironmentError(`cannot write ${path}: ${problem}`, 'Make room, then search again.', error)
  }
}

export function printCapacity(result: CapacityResult, folder: string, output: string): void {
  if (output === 'json') return print(jsonText(result))
  for (const line of capacityText(result, folder, onStdout)) print(line)
}
