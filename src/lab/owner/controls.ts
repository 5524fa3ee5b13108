import type { ComponentState, LabPhase } from '../machine/state.ts'
import type { LabNode } from '../topology/node-table.ts'
import type { Component } from './component.ts'
import type { Controls } from './control-socket.ts'
import type { Crew } from './crew.ts'
import { kubeletName } from './names.ts'
import type { Stage } from './stages.ts'

/** Answer of GET /status. */
export type OwnerStatus = {
  readonly phase: LabPhase
  readonly components: readonly ComponentState[]
  readonly stages: readonly Stage[]
}

type Parts = {
  readonly crew: Crew
  readonly nodes: readonly LabNode[]
  readonly status: () => { phase: LabPhase; stages: readonly Stage[] }
  readonly stop: () => void
}

export function controlsOf({ crew, nodes, status, stop }: Parts): Controls {
  const known = (name: string): Component => {
    const component = crew.get(name)
    if (!component) throw new RangeError(`the lab has no component ${name}; it has ${crew.names().join(', ')}`)
    return component
  }
  return {
    status: (): OwnerStatus => ({ ...status(), ...health(status().phase, crew) }),
    node: async (name, action) => {
      if (!nodes.some((node) => node.name === name)) {
        throw new RangeError(`the lab has no node ${name}; it has ${nodes.map((node) => node.name).join(', ')}`)
      }
      await act(known(kubeletName(name)), action)
    },
    component: (name, action) => act(known(name), action),
    stop,
  }
}

/** A cluster is degraded when it is up but one of its programs is not. The phase shows it without a look at the list. */
function health(phase: LabPhase, crew: Crew): { phase: LabPhase; components: readonly ComponentState[] } {
  const components = crew.states()
  const missing = components.some((component) => component.state !== 'running')
  return { phase: phase === 'up' && missing ? 'degraded' : phase, components }
}

async function act(component: Component, action: 'kill' | 'restart' | 'stop' | 'start'): Promise<void> {
  switch (action) {
    case 'kill':
      return component.kill()
    case 'restart':
      // As after a crash: the pods keep running, which is what such a test wants to see.
      await component.kill()
      return component.start()
    case 'stop':
      return component.stop()
    case 'start':
      return component.start()
  }
}
