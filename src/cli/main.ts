/**
 * cli: flags, wiring, exit codes. The only room that knows all others; each command is one file that reads its flags, wires ports
 * to adapters and returns an exit code. Nothing here decides about a rehearsal.
 */
import { matchday } from './program.ts'
import { tolerateClosedPipes } from './terminal.ts'

tolerateClosedPipes()
process.exitCode = await matchday(process.argv.slice(2))
