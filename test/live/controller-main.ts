/** Stands for `matchday run --live`: journal, control socket and the page's process are those of the command; the records are the stock run's, in real time. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLivePage } from '../../src/cli/live-child.ts'
import { type Instant, instant } from '../../src/domain/units.ts'
import { openJournal } from '../../src/journal/journal.ts'
import { openControl } from '../../src/live/control.ts'
import { evidence } from '../support/evidence.ts'

const [folder = '', speed = '1', begun = '30', until = '1000'] = process.argv.slice(2)
const journal = await openJournal(join(folder, 'journal.ndjson'))
const control = await openControl(folder)
const page = startLivePage(folder, undefined)
// As the controller names its undos, so that `matchday heal` finds them.
const id = 'networkchaos/casino/psp-down'
const records = evidence().map((each) =>
  each.kind === 'undo-written' || each.kind === 'undo-done' ? { ...each, id } : each,
)
const zero = records.flatMap((each) => (each.kind === 'load-started' ? [each.zeroAt] : []))[0] ?? 0
let now: Instant = instant(zero)
control.attend((request) => journal.append({ ...request, at: now }))
for (const record of records) {
  const second = (record.at - zero) / 1000
  if (second > Number(until)) break
  if (second > Number(begun)) await sleep(Math.max(0, (record.at - now) / Number(speed)))
  now = record.at
  journal.append(record)
}
await journal.close()
control.close()
await page.end()
