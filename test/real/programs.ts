/**
 * The programs of a real node, built once into the cache: containerd, runc, CNI plugins, and a kubelet without our changes. Versions are pinned in
 * test/real/go/go.mod and, for the kubelet, in src/toolchain/go/kubernetes/go.mod.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { defaultCacheDirectory } from '../../src/toolchain/cache.ts'
import { libseccomp } from './libseccomp.ts'

type Program = {
  readonly name: string
  readonly package: string
  readonly module: string
  readonly flags: readonly string[]
}

const OWN = join(import.meta.dirname, 'go')
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

const versionOf = (module: string, requirement: string): string =>
  new RegExp(`^\\s*${requirement} v(\\S+)`, 'm').exec(readFileSync(join(module, 'go.mod'), 'utf8'))?.[1] ?? ''

const kubelet = (): Program => {
  const version = versionOf(KUBERNETES, 'k8s.io/kubernetes')
  const [major, minor] = version.split('.')
  const stamps = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor }
  const linked = Object.entries(stamps).map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`)
  return {
    name: 'kubelet',
    package: 'k8s.io/kubernetes/cmd/kubelet',
    module: KUBERNETES,
    flags: ['-ldflags', ['-s', '-w', ...linked].join(' ')],
  }
}

/** Its first part, which enters namespaces, is C; pods ask for the seccomp profile of the runtime, so it needs libseccomp. */
const runc: Program = {
  name: 'runc',
  package: 'github.com/opencontainers/runc',
  module: OWN,
  flags: ['-tags', 'seccomp netgo osusergo', '-ldflags', '-s -w -extldflags -static'],
}

const all = (): readonly Program[] => [
  ...['containerd', 'ctr', 'containerd-shim-runc-v2'].map(containerd),
  ...['bridge', 'loopback'].map((name) => plugin(name, 'main')),
  plugin('host-local', 'ipam'),
  kubelet(),
  runc,
]

/** The folder with the programs. Minutes on a cold cache, a moment afterwards. */
export function buildPrograms(): string {
  const folder = cacheFolder()
  for (const program of all()) if (!existsSync(join(folder, program.name))) build(program, folder)
  return folder
}

/** Below the cache of matchday, beside the toolchain's. */
const cacheFolder = (): string => join(dirname(defaultCacheDirectory()), 'real', digestOf(all()))

function digestOf(programs: readonly Program[]): string {
  const hash = createHash('sha256').update(JSON.stringify(programs.map(({ module: _, ...rest }) => rest)))
  for (const module of [OWN, KUBERNETES])
    for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(module, file)))
  return hash.digest('hex').slice(0, 12)
}

function build(program: Program, folder: string): void {
  const [path, aside] = [join(folder, program.name), join(folder, `${program.name}.${process.pid}`)]
  mkdirSync(dirname(path), { recursive: true })
  console.log(`building ${program.name}`)
  const linked = program === runc ? libseccomp(cacheFolder())?.env : undefined
  const env = { ...process.env, ...linked, CGO_ENABLED: program === runc ? '1' : '0', GOWORK: 'off', GOFLAGS: '' }
  const words = [
    'build',
    '-trimpath',
    '-buildvcs=false',
    '-mod=readonly',
    ...program.flags,
    '-o',
    aside,
    program.package,
  ]
  execFileSync('go', words, { cwd: program.module, env, stdio: ['ignore', 'inherit', 'inherit'] })
  renameSync(aside, path)
}

/** The program of the pause image: C, because it must be small and static. */
export function buildPauseProgram(folder: string): string {
  const path = join(folder, 'pause')
  const source = join(import.meta.dirname, 'pause.c')
  if (!existsSync(path)) execFileSync('gcc', ['-static', '-Os', '-s', '-o', path, source])
  return path
}

/** Why this machine cannot run the tier; undefined where it can. */
export function refusal(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it needs root on Linux'
  if (spawnSync('unshare', ['--mount', '--net', '--uts', '--pid', '--fork', 'true']).status !== 0)
    return 'this root may not make namespaces, as in most containers'
  const missing = ['go', 'gcc', 'ip', 'nsenter', 'openssl'].filter((name) => spawnSync('which', [name]).status !== 0)
  if (missing.length > 0) return `there is no ${missing.join(', no ')} on the PATH`
  if (!existsSync(join(cacheFolder(), 'runc')) && libseccomp(cacheFolder()) === undefined)
    return 'runc cannot be built without libseccomp, and apt-get could not download it (Debian: libseccomp-dev and pkg-config)'
  const folders = ['cpu', 'memory', 'pids'].map((name) => join('/sys/fs/cgroup', name))
  if (!folders.every((each) => existsSync(each)) && !existsSync('/sys/fs/cgroup/cgroup.controllers'))
    return 'no cgroups are mounted'
  return undefined
}
