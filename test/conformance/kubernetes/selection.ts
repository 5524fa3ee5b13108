/**
 * Which specs of upstream's suites run. The lab is a cluster for rehearsals: workloads, probes, lifecycle, eviction, quotas and slices come first, the other
 * [Conformance] specs after them. Specs with [Serial] need a cluster of their own each.
 */

const NODE =
  /^\[sig-node\] (Pods should|Pods Extended|Probing container|Container Lifecycle|PreStop|ConfigMap should be cons|Secrets should be cons|Downward API should|Container Runtime black|InitContainer|Kubelet when)/
const REST =
  /^\[sig-apps\] (Deployment|ReplicaSet|StatefulSet|Job|DisruptionController)|^\[sig-network\] EndpointSlice|ResourceQuota|PriorityClass|LimitRange/
const LEFT_OUT = /issue 500|\[Serial\]/

/** Of the names of all [Conformance] specs. */
export const workloadSpecs = (names: readonly string[]): string[] =>
  names.filter((name) => (NODE.test(name) || REST.test(name)) && !LEFT_OUT.test(name)).sort()

export function otherSpecs(names: readonly string[]): string[] {
  const chosen = new Set(workloadSpecs(names))
  return names.filter((name) => !chosen.has(name) && !name.includes('[Serial]')).sort()
}

export const CRITEST_FOCUS = 'Conformance'

/** Of Linux' own security modules, and of namespaces that containers of the lab do not have. */
export const CRITEST_SKIP =
  'AppArmor|Seccomp|Mount|NamespaceOption|NoNewPrivs|UserNamespaces|capabilit|SupplementalGroups|MaskedPaths|ReadonlyPaths|sysctl|OOM'

/** Upstream's word for a spec that may take more than five minutes. */
export const isSlow = (name: string): boolean => name.includes('[Slow]')

/** A regular expression that matches this name only, at the end of the text that ginkgo matches. */
export const focusOn = (name: string): string => `${name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`
