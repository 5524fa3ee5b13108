/**
 * Trying a call again at once. The platform's own way with a failure is another provider, or later; so every service asks for no retry
 * here. With retries, a provider in trouble gets that many times its load: what a retry storm looks like can be shown by a number.
 */

export type RetryPlan<O> = {
  readonly retries: number
  /** When the time for all tries together is over. */
  readonly untilMs: number
  attempt(leftMs: number): Promise<O>
  /** An outcome that no further try would change. */
  isFinal(outcome: O): boolean
  /** An outcome after which the thing may have happened: no later failure makes that undone. */
  isDoubtful(outcome: O): boolean
}

export async function retryAtOnce<O>(plan: RetryPlan<O>): Promise<O> {
  let doubt: O | undefined
  for (let left = plan.retries; ; left -= 1) {
    const outcome = await plan.attempt(Math.max(plan.untilMs - performance.now(), 1))
    if (plan.isFinal(outcome)) return outcome
    if (plan.isDoubtful(outcome)) doubt = outcome
    if (left <= 0 || performance.now() >= plan.untilMs) return doubt ?? outcome
  }
}
