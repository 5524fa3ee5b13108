/** The environment keeps the lab from working: a stable code, what was found, and what to do next. */
export class LabError extends Error {
  readonly code: string
  readonly problem: string
  readonly next: string

  constructor(about: { code: string; problem: string; next: string; cause?: unknown }) {
    super(
      `${about.code}: ${about.problem}\n  Next: ${about.next}`,
      about.cause === undefined ? undefined : { cause: about.cause },
    )
    this.name = 'LabError'
    this.code = about.code
    this.problem = about.problem
    this.next = about.next
  }
}
