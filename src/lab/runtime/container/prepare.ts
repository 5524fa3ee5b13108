import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type IndexedImage, mountPreloadFile, nodeBinary } from '../../images/image-index.ts'
import { labPaths } from '../../machine/paths.ts'
import type { ContainerConfig } from '../cri/messages.ts'
import type { NodeContext } from '../node-context.ts'
import { unenforced } from '../notices.ts'
import { giveVolume } from '../provisioner/volumes.ts'
import type { ContainerRecord, Identity, SandboxRecord } from '../records.ts'
import { podName } from '../sandboxes.ts'
import { onTerminal } from '../streaming/terminal.ts'
import { environmentOfContainer } from './environment.ts'
import { chooseIdentity } from './identity.ts'
import { namespacesOf } from './own-namespaces.ts'
import { argvOf, fillWord } from './program.ts'
import { inside, makeView, openWay } from './view.ts'
import { prepareFolder } from './wrapper.ts'

/** Everything that can fail before a process starts: image, user, volumes, pipes. */
export async function prepare(
  context: NodeContext,
  sandbox: SandboxRecord,
  config: ContainerConfig,
  id: string,
): Promise<ContainerRecord> {
  const { images, store, host } = context
  const image = images.get(config.image.image)
  const { identity, notices } = chooseIdentity(host, image.entry.user, config.linux?.securityContext)
  const folder = store.containerFolder(id)
  await prepareFolder(folder, identity, config.stdin)
  if (identity) giveMounts(context, config, identity)
  // With a file system of its own, a container has its volumes at their paths, and needs no links.
  const view = makeView(folder, context.labnet === undefined ? config.mounts : [], identity)
  const text: ContainerConfig<string> = {
    ...config,
    envs: config.envs.map(({ key, value }) => ({ key, value: value.toString() })),
  }
  const words = {
    node: nodeBinary(images.folder),
    imageFolder: image.folder,
    address: sandbox.network?.nativeAddress ?? '127.0.0.1',
  }
  const workingDir = config.workingDir
    ? inside(view.root, config.workingDir)
    : fillWord(image.entry.workingDir ?? image.folder, words)
  if (config.workingDir) mkdirSync(workingDir, { recursive: true })
  const env = environmentOfContainer({
    id,
    labRoot: context.labRoot,
    hostname: sandbox.config.hostname || sandbox.config.metadata.name,
    compileCache: runsNode(image.entry) ? openCompileCache(image.folder) : undefined,
    programs: images.programs,
    mountPreload: mountPreloadFile(images.folder),
    view,
    mountPrefix: context.labnet === undefined ? view.root : '',
    image: Object.fromEntries(
      Object.entries(image.entry.env ?? {}).map(([name, value]) => [name, fillWord(value, words)]),
    ),
    pod: text.envs,
    network: sandbox.network,
    memoryLimit: config.linux?.resources?.memoryLimitInBytes ?? 0,
  })
  const namespaces = namespacesOf(context, sandbox, {
    folder,
    identity,
    workingDir,
    env,
    config,
    imageFolder: image.folder,
    volumes: image.entry.volumes ?? [],
    temporary: view.temporary,
  })
  context.notice(podName(sandbox.config, context.node.name), [
    ...notices,
    ...view.notices,
    ...unenforced(config, context.labnet !== undefined),
  ])
  return {
    id,
    sandboxId: sandbox.id,
    createdAtMs: Date.now(),
    config: text,
    image: {
      name: image.name,
      digest: image.entry.digest,
      kind: image.entry.kind,
      folder: image.folder,
      stopSignal: stopSignalOf(config, image.entry.stopSignal),
    },
    ...(identity ? { identity } : {}),
    ...(namespaces ? { namespaces } : {}),
    argv: mainArgv(config, env.PATH, {
      entrypoint: image.entry.entrypoint,
      arguments: image.entry.arguments ?? [],
      command: config.command,
      args: config.args,
      ...words,
    }),
    env,
    workingDir,
    ...(config.logPath && sandbox.config.logDirectory
      ? { logPath: join(sandbox.config.logDirectory, config.logPath) }
      : {}),
  }
}

/** Also a native image whose entrypoint is Node, such as a supervisor of a database. */
const runsNode = ({ kind, entrypoint }: IndexedImage): boolean => kind === 'node' || entrypoint[0] === '$NODE'

/**
 * Compiling takes a third of the CPU of a service's start (ADR 55), so the pods of an image share compiled code. Node makes a folder for each user and
 * version in this one, which is deleted with its version of the image.
 */
function openCompileCache(imageFolder: string): string {
  const folder = join(imageFolder, 'compile-cache')
  mkdirSync(folder, { recursive: true })
  // As /tmp: containers run as different users.
  chmodSync(folder, 0o1777)
  return folder
}

/** With a terminal of its own if the pod asks for one and standard input is open. */
function mainArgv({ stdin, tty }: ContainerConfig, path: string | undefined, parts: Parameters<typeof argvOf>[0]) {
  const argv = argvOf(parts)
  return stdin && tty ? onTerminal(argv, path) : argv
}

/** Root created the parent folders and the volumes, but the container runs as another user. */
function giveMounts({ labRoot }: NodeContext, { mounts }: ContainerConfig, identity: Identity): void {
  const { volumes } = labPaths(labRoot)
  for (const { hostPath } of mounts) {
    openWay(labRoot, hostPath)
    giveVolume(hostPath, volumes, identity)
  }
}

const SIGNALS: ReadonlySet<string> = new Set([
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGKILL',
  'SIGABRT',
])
const isSignal = (name: string): name is NodeJS.Signals => SIGNALS.has(name)

function stopSignalOf(config: ContainerConfig, image: NodeJS.Signals | undefined): NodeJS.Signals {
  const asked = config.stopSignal.replace(/^SIGNAL_/, '')
  return isSignal(asked) ? asked : (image ?? 'SIGTERM')
}
