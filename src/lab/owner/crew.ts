import { ownFile } from '../machine/own-file.ts'
import type { LabPaths } from '../machine/paths.ts'
import type { ComponentState } from '../machine/state.ts'
import { type Component, type ComponentPlan, createComponent } from './component.ts'

/** All programs of a lab, by name. */
export type Crew = {
  /** A program that is not part of this project. Started at once. */
  add(name: string, argv: readonly [string, ...string[]]): Component
  /** One of the lab's own programs, a file below src/lab, with a lifeline. Started at once. */
  addOwn(name: string, file: string, descriptors?: readonly number[]): void
  get(name: string): Component | undefined
  states(): ComponentState[]
  /** Stops the named programs in parallel. All others keep running. */
  stop(names: readonly string[]): Promise<void>
  /** Stops the named program and forgets it. */
  remove(name: string): Promise<void>
  names(): string[]
}

const STOP_WITHIN_MS = 5_000

// By default Go collects garbage when the heap has doubled. At five times, a boot takes a fifth less processor time for some 150 MB. The
// heap of an API server grows for an hour, as long as it keeps Events, so above the limit Go collects more often.
const GO_ENVIRONMENT = { GOGC: '400', GOMEMLIMIT: '512MiB' }

// MiB for each of three semi-spaces. This is V8's value when it does not know the memory size, a quarter of its value for a large machine.
// In a lab that stays up, larger spaces would fill up without making anything faster.
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
    addOwn: (name, file, descriptors = []) => {
      const main = ownFile(`../${file}`, import.meta.url)
      const node = [process.execPath, `--max-semi-space-size=${SEMI_SPACE}`] as const
      start({ name, argv: [...node, main, '--lab', paths.root], lifeline: true, descriptors })
    },
    get: (name) => members.get(name),
    states: () => [...members.values()].map((member) => member.state()),
    stop: async (names) => {
      await Promise.all(names.map((name) => members.get(name)?.stop()))
    },
    remove: async (name) => {
      await members.get(name)?.stop()
      members.delete(name)
      changed()
    },
    names: () => [...members.keys()],
  }
}
