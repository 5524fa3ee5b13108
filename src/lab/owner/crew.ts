import { fileURLToPath } from 'node:url'
import type { LabPaths } from '../machine/paths.ts'
import type { ComponentState } from '../machine/state.ts'
import { type Component, type ComponentPlan, createComponent } from './component.ts'

/** All programs of a lab, by name. */
export type Crew = {
  /** A program of somebody else's: started at once. */
  add(name: string, argv: readonly [string, ...string[]]): Component
  /** An own program, a file below src/lab, on a lifeline: started at once. */
  addOwn(name: string, file: string): void
  get(name: string): Component | undefined
  states(): ComponentState[]
  /** Stops the named ones side by side, all others untouched. */
  stop(names: readonly string[]): Promise<void>
  names(): string[]
}

const STOP_WITHIN_MS = 5_000

// Go collects garbage when the heap has doubled; at five times, a boot takes a fifth less processor time for some 150 MB. What lives in an
// API server grows for an hour, as long as it keeps Events, and five times that would go on growing: from the limit on it collects sooner.
const GO_ENVIRONMENT = { GOGC: '400', GOMEMLIMIT: '512MiB' }

// MiB; there are three. What V8 takes where nobody says how much memory is ours, a quarter of what it takes for a whole big machine: in a lab
// that stays up it would be filled in the end, and nothing would be faster for it.
const SEMI_SPACE = 16

export function createCrew(paths: LabPaths, changed: () => void): Crew {
  const members = new Map<string, Component>()
  const start = (plan: Omit<ComponentPlan, 'root' | 'log' | 'stopWithinMs'>): Component => {
    const component = createComponent(
      { ...plan, root: paths.root, log: paths.log(plan.name), stopWithinMs: STOP_WITHIN_MS },
      changed,
    )
    members.set(plan.name, component)
    component.start()
    return component
  }
  return {
    add: (name, argv) => start({ name, argv, lifeline: false, env: GO_ENVIRONMENT }),
    addOwn: (name, file) => {
      const main = fileURLToPath(new URL(`../${file}`, import.meta.url))
      const node = [process.execPath, `--max-semi-space-size=${SEMI_SPACE}`] as const
      start({ name, argv: [...node, main, '--lab', paths.root], lifeline: true })
    },
    get: (name) => members.get(name),
    states: () => [...members.values()].map((member) => member.state()),
    stop: async (names) => {
      await Promise.all(names.map((name) => members.get(name)?.stop()))
    },
    names: () => [...members.keys()],
  }
}
