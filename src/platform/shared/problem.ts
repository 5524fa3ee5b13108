/** An answer other than success that a handler chose on purpose: thrown, turned into a response in one place (service.ts). */
export class HttpProblem extends Error {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(`${status} ${JSON.stringify(body)}`)
    this.name = 'HttpProblem'
    this.status = status
    this.body = body
  }
}

export const badRequest = (problem: string): HttpProblem => new HttpProblem(400, { error: 'bad-request', problem })
