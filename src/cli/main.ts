/**
 * cli: flags, wiring, exit codes. The only room that knows all others. Each command is one file that reads its flags, connects ports to adapters and
 * returns an exit code. It decides nothing about a rehearsal.
 */
import { matchday } from './program.ts'
import { tolerateClosedPipes } from './terminal.ts'

tolerateClosedPipes()
process.exitCode = await matchday(process.argv.slice(2))
