export type Stage = { readonly name: string; readonly startMs: number; readonly ms: number }

/** Measures what happens at boot; stages overlap. Milliseconds count from when the owner's process started. */
export type Stages = {
  readonly done: readonly Stage[]
  /** Runs `work` as a stage; a stage that fails is not among the done ones. */
  run<T>(name: string, work: () => Promise<T>): Promise<T>
}

export function createStages(onStage: (stage: Stage) => void): Stages {
  const done: Stage[] = []
  return {
    done,
    run: async (name, work) => {
      const startMs = Math.round(performance.now())
      const result = await work()
      const stage = { name, startMs, ms: Math.round(performance.now()) - startMs }
      done.push(stage)
      onStage(stage)
      return result
    },
  }
}
