/**
 * The programs of real nodes, built once into the cache: containerd, runc, CNI plugins, a kubelet without our changes and kube-proxy, what enforces
 * NetworkPolicies, CoreDNS, and Chaos Mesh.
 * Versions are pinned in test/real/go, and those of Kubernetes in src/toolchain/go/kubernetes/go.mod.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { defaultCacheDirectory } from '../../src/toolchain/cache.ts'
import { COMPILER_GOGC } from '../../src/toolchain/go-command.ts'
import { libseccomp } from './libseccomp.ts'
import { netfilter } from './netfilter.ts'

type Program = {
  readonly name: string
  readonly package: string
  readonly module: string
  readonly flags: readonly string[]
  /** A part of it is C. */
  readonly cgo?: boolean
  /** File with lines that the module's go.sum lacks for it. */
  readonly sums?: string
}

const OWN = join(import.meta.dirname, 'go')
const CHAOS_MESH = join(OWN, 'chaos-mesh')
const NETWORK = join(OWN, 'network')
const KUBERNETES = join(import.meta.dirname, '../../src/toolchain/go/kubernetes')

const containerd = (name: string): Program => ({
  name,
  package: `github.com/containerd/containerd/v2/cmd/${name}`,
  module: OWN,
  flags: [],
})
const plugin = (name: string, kind: string): Program => ({
  name: `cni/${name}`,
  package: `github.com/containernetworking/plugins/plugins/${kind}/${name}`,
  module: OWN,
  flags: [],
})

const STATIC = ['-ldflags', '-s -w -extldflags -static']

const versionOf = (module: string, requirement: string): string =>
  new RegExp(`^\\s*${requirement} v(\\S+)`, 'm').exec(readFileSync(join(module, 'go.mod'), 'utf8'))?.[1] ?? ''

/** With the version that it reports. */
const ofKubernetes = (name: string, sums?: string): Program => {
  const version = versionOf(KUBERNETES, 'k8s.io/kubernetes')
  const [major, minor] = version.split('.')
  const stamps = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor }
  const linked = Object.entries(stamps).map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`)
  return {
    name,
    package: `k8s.io/kubernetes/cmd/${name}`,
    module: KUBERNETES,
    ...(sums === undefined ? {} : { sums }),
    flags: ['-ldflags', ['-s', '-w', ...linked].join(' ')],
  }
}

/** Its first part, which enters namespaces, is C; pods ask for the seccomp profile of the runtime, so it needs libseccomp. */
const runc: Program = {
  name: 'runc',
  package: 'github.com/opencontainers/runc',
  module: OWN,
  flags: ['-tags', 'seccomp netgo osusergo', ...STATIC],
  cgo: true,
}

const ofNodes = (): readonly Program[] => [
  ...['containerd', 'ctr', 'containerd-shim-runc-v2'].map(containerd),
  ...['bridge', 'loopback'].map((name) => plugin(name, 'main')),
  plugin('host-local', 'ipam'),
  ofKubernetes('kubelet'),
  // In a file of its own: another go.sum of the toolchain would have every program of Kubernetes built again.
  ofKubernetes('kube-proxy', join(OWN, 'kube-proxy.sum')),
  runc,
]

const ofNetwork = (): readonly Program[] => [
  { name: 'network-policies', package: './policies', module: NETWORK, flags: ['-ldflags', '-s -w'] },
  { name: 'coredns', package: './dns', module: NETWORK, flags: ['-ldflags', '-s -w'] },
]

const CHAOS_MESH_MODULE = 'github.com/chaos-mesh/chaos-mesh'
const ofChaosMesh = (): readonly Program[] => [
  {
    name: 'chaos-controller-manager',
    package: `${CHAOS_MESH_MODULE}/cmd/chaos-controller-manager`,
    module: CHAOS_MESH,
    flags: ['-ldflags', '-s -w'],
  },
  {
    name: 'chaos-daemon',
    package: `${CHAOS_MESH_MODULE}/cmd/chaos-daemon`,
    module: CHAOS_MESH,
    flags: ['-tags', 'netgo osusergo', ...STATIC],
    cgo: true,
  },
  { name: 'render', package: './render', module: CHAOS_MESH, flags: ['-ldflags', '-s -w'] },
]

/** Minutes to allow for: twice the time on two idle cores. */
const BUILD_MINUTES = { nodes: 30, network: 6, chaosMesh: 12 } as const
export type Build = keyof typeof BUILD_MINUTES

/** What the builds of these may take: nothing where all is in the cache. */
export function minutesToBuild(...parts: readonly Build[]): number {
  const programs = { nodes: ofNodes(), network: ofNetwork(), chaosMesh: ofChaosMesh() }
  const isBuilt = (all: readonly Program[]) => all.every(({ name }) => existsSync(join(cacheFolder(all), name)))
  return parts.reduce((sum, part) => sum + (isBuilt(programs[part]) ? 0 : BUILD_MINUTES[part]), 0)
}

export type NodePrograms = {
  /** The folder of the programs that were built. */
  readonly folder: string
  /** Where iptables and ipset are, with their libraries. */
  readonly netfilter: string
  /** What `buildNetwork` has built. Without it, nothing enforces NetworkPolicies. */
  readonly network?: string
}

/** Minutes on a cold cache, a moment afterwards. */
export function buildPrograms(): NodePrograms {
  const folder = buildAll(ofNodes())
  const packages = netfilter(folder)
  if (packages === undefined) throw new Error(NO_NETFILTER)
  return { folder, netfilter: packages }
}

/** The folder with the controller of NetworkPolicies, which runs on each node, and with CoreDNS. */
export const buildNetwork = (): string => buildAll(ofNetwork())

/** The folder with Chaos Mesh's two programs, `render`, and its chart in `chart`. */
export function buildChaosMesh(): string {
  const folder = buildAll(ofChaosMesh())
  const chart = join(folder, 'chart')
  if (!existsSync(chart)) {
    const words = ['list', '-m', '-f', '{{.Dir}}', CHAOS_MESH_MODULE]
    const source = execFileSync('go', words, { cwd: CHAOS_MESH, env: goEnvironment(), encoding: 'utf8' }).trim()
    const aside = `${chart}.${process.pid}`
    cpSync(join(source, 'helm/chaos-mesh'), aside, { recursive: true })
    renameSync(aside, chart)
  }
  return folder
}

const NO_NETFILTER =
  'apt-get could not download iptables and ipset, which kube-proxy, the controller of NetworkPolicies and Chaos Mesh run'

function buildAll(programs: readonly Program[]): string {
  const folder = cacheFolder(programs)
  for (const program of programs) if (!existsSync(join(folder, program.name))) build(program, folder)
  return folder
}

/** Below the cache of matchday, beside the toolchain's. */
const cacheFolder = (programs: readonly Program[]): string =>
  join(dirname(defaultCacheDirectory()), 'real', digestOf(programs))

function digestOf(programs: readonly Program[]): string {
  const hash = createHash('sha256')
  // Without the paths, which differ from machine to machine.
  hash.update(JSON.stringify(programs.map(({ module: _, sums: __, ...rest }) => rest)))
  const modules = [...new Set(programs.map(({ module }) => module))]
  const files = modules.flatMap((module) => [join(module, 'go.mod'), join(module, 'go.sum')])
  const more = programs.flatMap((program) => [...(program.sums ? [program.sums] : []), ...sourcesOf(program)])
  for (const file of [...files, ...more]) hash.update(readFileSync(file))
  return hash.digest('hex').slice(0, 12)
}

/** The files of a package of our own. Those of others are in go.sum. */
const sourcesOf = ({ module, package: path }: Program): readonly string[] =>
  path.startsWith('./') ? globSync(join(module, path, '*.go')).sort() : []

const goEnvironment = (more: Readonly<Record<string, string>> = {}) => ({
  ...process.env,
  // The compiler collects garbage less often: see src/toolchain/go-command.ts.
  GOGC: process.env.GOGC || COMPILER_GOGC,
  ...more,
  GOWORK: 'off',
  GOFLAGS: '',
})

function build(program: Program, folder: string): void {
  const [path, aside] = [join(folder, program.name), join(folder, `${program.name}.${process.pid}`)]
  mkdirSync(dirname(path), { recursive: true })
  console.log(`building ${program.name}`)
  const linked = program === runc ? libseccomp(folder)?.env : undefined
  const env = goEnvironment({ ...linked, CGO_ENABLED: program.cgo ? '1' : '0' })
  const words = [
    'build',
    '-trimpath',
    '-buildvcs=false',
    '-mod=readonly',
    ...moduleFile(program, folder),
    ...program.flags,
    '-o',
    aside,
    program.package,
  ]
  execFileSync('go', words, { cwd: program.module, env, stdio: ['ignore', 'inherit', 'inherit'] })
  renameSync(aside, path)
}

/** The go.mod of its module beside a go.sum with more lines. */
function moduleFile({ name, module, sums }: Program, folder: string): readonly string[] {
  if (sums === undefined) return []
  const file = join(folder, `${name}.mod`)
  writeFileSync(file, readFileSync(join(module, 'go.mod')))
  const lines = [join(module, 'go.sum'), sums].map((each) => readFileSync(each, 'utf8'))
  writeFileSync(join(folder, `${name}.sum`), lines.join(''))
  return [`-modfile=${file}`]
}

/** A program of one file of C, because it must be small and static: `pause` or `nsexec`. */
export function buildSmallProgram(name: 'pause' | 'nsexec', folder: string): string {
  const path = join(folder, name)
  const source = join(import.meta.dirname, `${name}.c`)
  if (!existsSync(path)) execFileSync('gcc', ['-static', '-Os', '-s', '-o', path, source])
  return path
}

/** Why this machine cannot run the tier; undefined where it can. */
export function refusal(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it needs root on Linux'
  if (spawnSync('unshare', ['--mount', '--net', '--uts', '--pid', '--fork', 'true']).status !== 0)
    return 'this root may not make namespaces, as in most containers'
  const missing = ['go', 'gcc', 'ip', 'tc', 'nsenter', 'openssl'].filter(
    (name) => spawnSync('which', [name]).status !== 0,
  )
  if (missing.length > 0) return `there is no ${missing.join(', no ')} on the PATH`
  const cache = cacheFolder(ofNodes())
  if (!existsSync(join(cache, 'runc')) && libseccomp(cache) === undefined)
    return 'runc cannot be built without libseccomp, and apt-get could not download it (Debian: libseccomp-dev and pkg-config)'
  if (netfilter(cache) === undefined) return NO_NETFILTER
  const folders = ['cpu', 'memory', 'pids'].map((name) => join('/sys/fs/cgroup', name))
  if (!folders.every((each) => existsSync(each)) && !existsSync('/sys/fs/cgroup/cgroup.controllers'))
    return 'no cgroups are mounted'
  return undefined
}
