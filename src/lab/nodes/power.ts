// Whether a node has power. Whoever may annotate nodes can take it away, as whoever has a cloud's console can: Kubernetes itself knows no
// power switch, and a controller with nothing but a kubeconfig needs one that it can find and undo. The wish stands on the Node
// object, so that it outlives whoever made it; this file brings kubelets and runtime to it, and again after each failure.

/** `off` on a Node takes its power; `on`, or no such annotation, gives it back. */
export const POWER_ANNOTATION = 'matchday.dev/power'
/** A node with this label, `true`, obeys the annotation. */
export const POWER_CONTROL_LABEL = 'matchday.dev/power-control'

export type Power = 'on' | 'off'

export type PowerParts = {
  /** SIGKILL, and not started again. */
  killKubelet(node: string): Promise<void>
  startKubelet(node: string): void
  /** The runtime's part: the node's pods, and what their peers see of them. */
  switchPods(node: string, power: Power): Promise<void>
  log(line: string): void
}

export type NodePower = {
  /** Says what a node's power should be. Cheap to call often. */
  want(node: string, power: Power): void
  /** True from the moment its kubelet is killed until its pods' remains are cleared away. */
  isOff(node: string): boolean
  /** From now on nothing is switched. */
  stop(): void
}

type Switch = {
  wanted: Power
  /** What was last done to its end; undefined after a failure. */
  reached: Power | undefined
  dark: boolean
  busy: boolean
}

const RETRY_MS = 500

export function createNodePower(parts: PowerParts): NodePower {
  const switches = new Map<string, Switch>()
  let stopped = false

  const turn = async (node: string, one: Switch, power: Power): Promise<void> => {
    if (power === 'off') {
      one.dark = true
      await parts.killKubelet(node)
      return parts.switchPods(node, 'off')
    }
    await parts.switchPods(node, 'on')
    one.dark = false
    if (!stopped) parts.startKubelet(node)
  }

  const attempt = async (node: string, one: Switch, power: Power): Promise<Power | undefined> => {
    try {
      await turn(node, one, power)
      parts.log(`node ${node}: power ${power}`)
      return power
    } catch (error) {
      parts.log(`node ${node}: power ${power} failed: ${error instanceof Error ? error.message : error}`)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      return undefined
    }
  }

  const settle = async (node: string, one: Switch): Promise<void> => {
    one.busy = true
    while (!stopped && one.reached !== one.wanted) one.reached = await attempt(node, one, one.wanted)
    one.busy = false
  }

  return {
    want(node, power) {
      const one = switches.get(node) ?? { wanted: power, reached: 'on', dark: false, busy: false }
      switches.set(node, one)
      one.wanted = power
      if (!one.busy) void settle(node, one)
    },
    isOff: (node) => switches.get(node)?.dark === true,
    stop() {
      stopped = true
    },
  }
}
