import { LabError } from '../machine/lab-error.ts'

const LOOK_EVERY_MS = 40

export type Waiting = {
  readonly what: string
  readonly withinMs: number
  readonly signal: AbortSignal
  /** Returns the reason when waiting longer is hopeless. */
  readonly hopeless?: () => LabError | undefined
}

/** Waits until `holds` returns true. @throws LabError when it takes longer than `withinMs`; the signal's reason when aborted */
export async function until(holds: () => boolean | Promise<boolean>, waiting: Waiting): Promise<void> {
  const { what, withinMs, signal, hopeless } = waiting
  const deadlineMs = performance.now() + withinMs
  while (!(await holds())) {
    signal.throwIfAborted()
    const lost = hopeless?.()
    if (lost) throw lost
    if (performance.now() > deadlineMs) {
      throw new LabError({
        code: 'lab-boot-timeout',
        problem: `${what} did not become ready within ${withinMs / 1_000} s.`,
        next: 'read the logs of the component in the lab folder, below logs/.',
      })
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
