// The owner of a lab: a process apart from the cli, in its own session, so that Ctrl-C in a terminal does not reach it. It starts and
// supervises all programs of the lab, acts as its cloud provider and egress proxy, and takes everything down at the end. Its standard input
// is its lifeline: the first line is the spec, the line `keep` lets it outlive the process that started it, and the end of the input
// without `keep` stops the lab.
import { createInterface } from 'node:readline'
import { messageOf } from '../../domain/unknown.ts'
import { LabError } from '../machine/lab-error.ts'
import { runLab } from './life.ts'
import { KEEP, type OwnerEvent, type OwnerSpec } from './spec.ts'

const emit = (event: OwnerEvent): void => void process.stdout.write(`${JSON.stringify(event)}\n`)
// The cli may be gone. Output that nobody reads is no reason to stop.
process.stdout.on('error', () => {})

const stopped = new AbortController()
let kept = false
let life: Promise<void> | undefined

const stop = (why: string) => stopped.abort(new Error(why))
process.on('SIGTERM', () => stop('SIGTERM'))
process.on('SIGINT', () => stop('SIGINT'))

const input = createInterface({ input: process.stdin })
input.on('line', (line) => {
  if (line === KEEP) kept = true
  else if (!life) life = live(JSON.parse(line))
})
input.on('close', () => {
  if (!kept) stop('the process that started this lab is gone')
  if (!life) process.exit(0)
})

async function live(spec: OwnerSpec): Promise<void> {
  try {
    await runLab(spec, { emit, stop, signal: stopped.signal })
    process.exit(0)
  } catch (error) {
    const about = error instanceof LabError ? error : unexpected(error)
    console.error(error)
    emit({ kind: 'refused', code: about.code, problem: about.problem, next: about.next })
    process.stdout.end(() => process.exit(1))
  }
}

const unexpected = (error: unknown): LabError =>
  new LabError({
    code: 'lab-failed',
    problem: messageOf(error),
    next: 'read owner.log and logs/ in the lab folder.',
  })
