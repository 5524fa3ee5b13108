import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { complaintAbout } from '../../src/cli/runbook.ts'
import { seconds } from '../../src/domain/units.ts'
import { openJournal } from '../../src/journal/journal.ts'
import { place as at, evidence, FAULT, mapped, rehearsal } from '../support/evidence.ts'
import { tempFolder } from '../support/temp-folder.ts'

async function folderOf(...steps: readonly string[]): Promise<string> {
  const folder = tempFolder()
  const reactions = steps.map((step) => ({ kind: 'ticks' as const, step, withinMs: seconds(60), at }))
  const expected = { ...rehearsal, expectations: [{ kind: 'human' as const, reactions, at }] }
  const [head] = mapped(evidence(), 'run-started', (record) => ({ ...record, rehearsal: expected }))
  const journal = await openJournal(join(folder, 'journal.ndjson'))
  if (head) journal.append(head)
  await journal.close()
  return folder
}

describe('a note', () => {
  it('may name steps and faults of the run, and anything if the run is unknown', async () => {
    const folder = await folderOf('open the breaker')
    expect(await complaintAbout(folder, { is: 'step', text: ' Open  the breaker' })).toBeUndefined()
    expect(await complaintAbout(folder, { is: 'declared', text: 'SEV2', about: FAULT })).toBeUndefined()
    expect(await complaintAbout(tempFolder(), { is: 'step', text: 'x', about: 'y' })).toBeUndefined()
  })

  it.each([
    ['an unknown step', { is: 'step', text: 'open the braker' } as const, /did you mean "open the breaker"/],
    ['an unknown fault', { is: 'note', text: 'x', about: 'psp-b down' } as const, /psp-a down/],
  ])('about %s is refused with a suggestion', async (_, note, next) => {
    const complaint = await complaintAbout(await folderOf('open the breaker', 'tell support'), note)
    expect(complaint?.next).toMatch(next)
  })
})
