// The namespaces of a container: labnet puts its main process there, and others beside it later. labnet reads its plan from a file, because the plan
// contains the environment of the container, and every user can read the arguments of a command.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONTAINER_ROOT_VARIABLE, LAB_PROCESS_VARIABLE } from '../../machine/marks.ts'
import type { Identity } from '../records.ts'

export type ContainerNamespaces = {
  readonly labnet: string
  readonly plan: string
  /** Files of the image that the container sees at its root. */
  readonly shown?: readonly Bind[]
}

/** A file or folder of this machine that the container sees at a path of its own. */
export type Bind = {
  readonly from: string
  readonly to: string
  readonly readOnly?: boolean
  /** Without what is mounted below it. */
  readonly alone?: boolean
}

/** The file system of a container: the machine's, with the container's volumes in it (labnet/root.go). */
export type RootPlan = {
  /** An empty folder. */
  readonly at: string
  readonly binds: readonly Bind[]
  readonly memory: readonly string[]
  /** Small files that the container may change or move away. */
  readonly copies: readonly Bind[]
  readonly readOnly: boolean
  /** Who may write in the root itself; absent: the user that runs the lab. */
  readonly owner?: Identity
}

/** What labnet reads (src/toolchain/go/labnet/labnet/run.go). */
export type ContainerPlan = {
  /** The file of the pod's network namespace; absent for a pod on the node's network. */
  readonly network?: string
  readonly hostName: string
  /** Absent: the machine's. */
  readonly root?: RootPlan
  /** Absent: as the user that runs the lab. */
  readonly user?: Identity
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
}

/** Written before the container starts. `name` tells a container's own process from its relay. */
export function writeNamespaces(
  labnet: string,
  folder: string,
  name: string,
  plan: ContainerPlan,
): ContainerNamespaces {
  const file = join(folder, `${name}.json`)
  const { user, env, ...rest } = plan
  const entries = Object.entries(env).map(([key, value]) => `${key}=${value}`)
  const told = { ...rest, env: entries, ...(user ? { user } : {}) }
  writeFileSync(file, JSON.stringify(told), { mode: 0o600 })
  return { labnet, plan: file }
}

/** The command that becomes `argv` in the container's namespaces, as the container's user and with its environment. */
export const startedIn = ({ labnet, plan, shown }: ContainerNamespaces, argv: readonly string[]): readonly string[] => [
  labnet,
  'run',
  plan,
  '--',
  ...asSeen(argv, shown),
]

/** The command that becomes `argv` beside a process of the container. */
export const joinedTo = (
  { labnet, plan, shown }: ContainerNamespaces,
  pid: number,
  argv: readonly string[],
): readonly string[] => [labnet, 'join', String(pid), plan, '--', ...asSeen(argv, shown)]

/** A program can see the path that started it. So that path must be the one in the container, not the one on the machine. */
const asSeen = ([program = '', ...rest]: readonly string[], shown: readonly Bind[] = []): readonly string[] => [
  seenAt(program, shown),
  ...rest,
]

/** Where the container sees a file of this machine. */
export function seenAt(path: string, shown: readonly Bind[]): string {
  const bind = shown.find(({ from }) => path === from || path.startsWith(`${from}/`))
  return bind ? bind.to + path.slice(bind.from.length) : path
}

/** A process on the way into a container keeps the lab's marks, and nothing that the pod could choose: it may still be root. */
export const ownEnvironment = (env: Readonly<Record<string, string>>): Record<string, string> => ({
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ...Object.fromEntries(
    Object.entries(env).filter(([name]) => [LAB_PROCESS_VARIABLE, CONTAINER_ROOT_VARIABLE].includes(name)),
  ),
})
