/** Why specs fail that are known to fail. A spec that fails without an entry here is news: the run ends with exit code 1. */
import type { Networking } from './flags.ts'

export type SpecException = {
  readonly kind: string
  readonly reason: string
  /** Of the name of the spec. */
  readonly spec: RegExp
  /** Absent: both. */
  readonly networking?: Networking
}

export const EXCEPTIONS: readonly SpecException[] = [
  {
    kind: 'another shell',
    reason:
      "The root is read-only, and writing to it fails. The suite also expects the words of busybox's shell. The machine's shell, which stands in for it, has others.",
    spec: /when scheduling a read only busybox container should not write to root filesystem/,
    networking: 'namespaces',
  },
  {
    kind: 'no PID namespace',
    reason:
      'The suite looks for its command by the name `sleep`. A container has no PID namespace of its own, so it also finds other processes of that name.',
    spec: /runtime should support execSync with timeout/,
  },
  {
    kind: 'nothing is pulled',
    reason:
      'The suite expects that pulling an image takes longer than a millisecond. In the lab the image is here already.',
    spec: /public image should timeout if requested/,
  },
  {
    kind: 'needs an image that is not here',
    reason:
      'The spec needs another image of upstream, for which the lab has no replacement: sample-apiserver with etcd, nonewprivs, kitten.',
    spec: /Sample API Server|ImageVolume|should not allow privilege escalation/,
    networking: 'namespaces',
  },
  {
    kind: 'no cgroups',
    reason:
      'Nothing enforces limits in the lab, so there is no cgroup whose values could change with the pod. The runtime says so in an Event on each pod.',
    spec: /Pod InPlace Resize/,
    networking: 'namespaces',
  },
  {
    kind: 'one user',
    reason:
      'An ordinary user cannot change user: containers run as the user of the lab, whatever the pod asks for, and an Event on the pod says so. A lab of root gives each container its user.',
    spec: /RunAsUser And|run the container with uid 65534/,
    networking: 'namespaces',
  },
  {
    kind: 'in a user namespace',
    reason: 'Upstream marks the spec as one that cannot pass in a user namespace. A pod has no sysctls of its own.',
    spec: /Environment:NotInUserNS/,
    networking: 'namespaces',
  },
  {
    kind: 'no network of its own',
    reason:
      'Without namespaces a pod is an address of this machine. A program that is not Node cannot listen there on port 80, takes its port from all other pods, reaches no pod or Service by its address, and sees the host name and resolv.conf of the machine. hostPort is at the address of the node only.',
    spec: /in a pod should support network|should support (port mapping|portforward)|support DNS config|support set hostname|\[StatefulSetBasic\]|with readiness probe|should \*not\* be restarted with a \/healthz http liveness probe|with lifecycle hook|PreStop should call prestop|should serve a basic image on each replica|EndpointSlice should support a Service with multiple/,
    networking: 'preload',
  },
  {
    kind: 'no files of its own',
    reason:
      'Without namespaces a container has the files of this machine. A program that is not Node finds volumes, /etc/hosts and the termination log below MATCHDAY_ROOT and not at their paths, and the root is not read-only.',
    spec: /read only busybox container|hostAliases should write entries|termination message|run with the expected status|Job should (run a job to completion when tasks sometimes fail and are locally|allow to use a pod failure policy to ignore failure)/,
    networking: 'preload',
  },
]

export const exceptionFor = (
  spec: string,
  networking: Networking,
  exceptions: readonly SpecException[] = EXCEPTIONS,
): SpecException | undefined =>
  exceptions.find((each) => each.spec.test(spec) && (each.networking ?? networking) === networking)
