/** A program is not available: a stable code, what was tried, and the next step. */
export class ToolchainError extends Error {
  readonly code: string
  readonly problem: string
  readonly tried: readonly string[]
  readonly next: string

  constructor(about: { code: string; problem: string; tried?: readonly string[]; next: string; cause?: unknown }) {
    const tried = (about.tried ?? []).map((line) => `\n  Tried: ${line}`).join('')
    super(
      `${about.code}: ${about.problem}${tried}\n  Next: ${about.next}`,
      about.cause === undefined ? undefined : { cause: about.cause },
    )
    this.name = 'ToolchainError'
    this.code = about.code
    this.problem = about.problem
    this.tried = about.tried ?? []
    this.next = about.next
  }
}
