import { expect, it } from 'vitest'
import { type Execs, smallApiServer } from '../../support/small-api-server.ts'

const request = { namespace: 'shop', pod: 'web', container: 'main', command: ['date'], timeoutMs: 5_000 }
const answered = async (execs: Execs, timeoutMs = request.timeoutMs) =>
  (await smallApiServer(() => undefined, execs)).exec({ ...request, timeoutMs })

it('a command that succeeds gives its output alone', async () => {
  const succeeds: Execs = async (_, command) => ({ output: command.join(), status: { status: 'Success' } })
  expect(await answered(succeeds)).toEqual({ output: 'date' })
})

it('a command that fails gives its output and the reason', async () => {
  const message = 'command terminated with exit code 3'
  const fails: Execs = async () => ({ output: 'half', status: { status: 'Failure', message } })
  expect(await answered(fails)).toEqual({ output: 'half', problem: message })
})

it('a command without an end is given up after its time', { timeout: 8_000 }, async () => {
  expect(await answered(() => new Promise(() => undefined), 200)).toEqual({
    output: '',
    problem: 'no answer within 0.2 s',
  })
})

it('keeps 64 KiB of the output', async () => {
  const talks: Execs = async () => ({ output: 'x'.repeat(200_000), status: { status: 'Success' } })
  expect((await answered(talks)).output).toHaveLength(64 * 1024)
})
