/** What was given is not the evidence of a run, so that there is nothing to judge. */
export class JudgeError extends Error {
  constructor(problem: string) {
    super(problem)
    this.name = 'JudgeError'
  }
}
