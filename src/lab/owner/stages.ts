export type Stage = { readonly name: string; readonly startMs: number; readonly ms: number }

/** Measures the stages of a boot, which overlap. Milliseconds count from the start of the owner's process. */
export type Stages = {
  readonly done: readonly Stage[]
  /** Runs `work` as a stage. A stage that fails is not added to `done`. */
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
