/**
 * Stands for `matchday run` with a webhook: journal, control socket and the process of the notifications are those of the command; the records are
 * the stock run's.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { judgeFolder, writeReports } from '../../src/cli/judging.ts'
import { createNotificationChild } from '../../src/cli/notify-child.ts'
import { openJournal } from '../../src/journal/journal.ts'
import { openControl } from '../../src/live/control.ts'
import { evidence, ZERO } from '../support/evidence.ts'

const [folder = '', speed = '1'] = process.argv.slice(2)
const journal = await openJournal(join(folder, 'journal.ndjson'))
const control = await openControl(folder)
const notifications = createNotificationChild(folder)
notifications.start()
const began = performance.now()
for (const record of evidence()) {
  const dueMs = (record.at - ZERO) / Number(speed)
  await sleep(Math.max(0, dueMs - (performance.now() - began)))
  journal.append(record)
}
await journal.close()
control.close()
process.stderr.write(`written after ${Math.round(performance.now() - began)} ms\n`)
await writeReports(folder, await judgeFolder(folder))
await notifications.end()
process.stderr.write(`ended after ${Math.round(performance.now() - began)} ms\n`)
