import { request } from 'node:http'
import { LabError } from '../machine/lab-error.ts'

const ANSWER_WITHIN_MS = 15_000

/**
 * Sends a request to a control socket of the lab and returns the parsed answer. @throws LabError when nobody answers, or the answer is a
 * refusal
 */
export async function askOwner(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const outgoing = request({ socketPath, method, path, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }, (answer) => {
    let text = ''
    answer.setEncoding('utf8')
    answer.on('data', (chunk: string) => {
      text += chunk
    })
    answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    answer.on('error', reject)
  })
  outgoing.on('error', reject)
  outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  const answer = await promise.catch((cause: unknown) => {
    throw new LabError({
      code: 'lab-unreachable',
      problem: `the lab does not answer on ${socketPath}.`,
      next: 'see whether it is up: matchday lab status',
      cause,
    })
  })
  if (answer.status >= 300) {
    throw new LabError({
      code: 'lab-request-refused',
      problem: `the lab refused ${method} ${path}: ${answer.text.trim()}`,
      next: 'see its nodes and components: matchday lab status',
    })
  }
  return JSON.parse(answer.text)
}
