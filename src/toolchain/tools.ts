import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const TOOL_NAMES = [
  // Build order: the API server compiles most of what the others share.
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kubectl',
  'k6',
  // Only for runs and benchmarks that need them: see STANDARD_TOOLS.
  'keda-operator',
  'keda-adapter',
  'kwok',
  'karpenter',
  'prometheus',
  'rollouts-controller',
  'labnet',
  'gateway-conformance',
  'gateway-echo',
  'e2e-test',
  'agnhost',
  'critest',
] as const

export type ToolName = (typeof TOOL_NAMES)[number]

/** Groups of programs that are needed together, by the name of the group. */
export const TOOL_GROUPS = {
  keda: ['keda-operator', 'keda-adapter'],
  'gateway-suite': ['gateway-conformance', 'gateway-echo'],
  'kubernetes-suite': ['e2e-test', 'agnhost'],
  'cri-suite': ['critest', 'agnhost'],
} as const satisfies Record<string, readonly ToolName[]>

const SPECIAL: readonly ToolName[] = [
  ...TOOL_GROUPS.keda,
  'kwok',
  'karpenter',
  'prometheus',
  'rollouts-controller',
  'labnet',
  ...TOOL_GROUPS['gateway-suite'],
  ...TOOL_GROUPS['kubernetes-suite'],
  ...TOOL_GROUPS['cri-suite'],
]

/** The programs for every run. KEDA takes longer to build than all of Kubernetes, so it is built only on request. */
export const STANDARD_TOOLS: readonly ToolName[] = TOOL_NAMES.filter((name) => !SPECIAL.includes(name))

/** The Go modules that programs are built from: folders with a committed go.mod and go.sum. */
export type GoModule =
  | 'kubernetes'
  | 'k6'
  | 'keda'
  | 'kwok'
  | 'karpenter'
  | 'prometheus'
  | 'argo-rollouts'
  | 'labnet'
  | 'gateway-api'
  | 'kubernetes-suite'
  | 'cri-tools'

export type Tool = {
  readonly name: ToolName
  readonly module: GoModule
  /** The package for `go build`. */
  readonly package: string
  /** The program is the test of the package: `go test -c` builds it. */
  readonly isTest?: boolean
  /** The requirement in go.mod that holds the version. */
  readonly requirement: string
  readonly versionArguments: readonly string[]
  /** First group: the version, without v. */
  readonly versionPattern: RegExp
  /** The variables of the program that get the version. */
  readonly stamps?: readonly string[]
  /** False if only the project's own build works. */
  readonly acceptsPath: boolean
  /** Folders of the module that are kept beside the program: name in the cache to path in the module. */
  readonly carries?: Readonly<Record<string, string>>
}

const KUBERNETES_VERSION = /^Kubernetes v(\S+)/m

const kubernetes = (name: ToolName, details: Partial<Tool> = {}): Tool => ({
  name,
  module: 'kubernetes',
  package: `k8s.io/kubernetes/cmd/${name}`,
  requirement: 'k8s.io/kubernetes',
  versionArguments: ['--version'],
  versionPattern: KUBERNETES_VERSION,
  acceptsPath: true,
  ...details,
})

const keda = (name: ToolName, command: string, details: Partial<Tool> = {}): Tool => ({
  name,
  module: 'keda',
  package: `github.com/kedacore/keda/v2/cmd/${command}`,
  requirement: 'github.com/kedacore/keda/v2',
  versionArguments: ['--version'],
  versionPattern: /^KEDA v(\S+)/m,
  stamps: ['github.com/kedacore/keda/v2/version.Version'],
  // Another build would ask the machine's name server, which knows no Service (see replacements.ts).
  acceptsPath: false,
  ...details,
})

const gatewaySuite = (name: ToolName, details: Pick<Tool, 'package' | 'versionPattern'>): Tool => ({
  name,
  module: 'gateway-api',
  requirement: 'sigs.k8s.io/gateway-api/conformance',
  versionArguments: ['--version'],
  acceptsPath: false,
  ...details,
})

const kubernetesSuite = (name: ToolName, details: Partial<Tool> & Pick<Tool, 'package' | 'versionPattern'>): Tool => ({
  name,
  module: 'kubernetes-suite',
  requirement: 'k8s.io/kubernetes',
  versionArguments: ['--version'],
  acceptsPath: false,
  ...details,
})

export const TOOLS: Readonly<Record<ToolName, Tool>> = {
  etcd: kubernetes('etcd', {
    package: 'go.etcd.io/etcd/server/v3',
    requirement: 'go.etcd.io/etcd/server/v3',
    versionPattern: /^etcd Version: (\S+)/m,
  }),
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  'kube-scheduler': kubernetes('kube-scheduler'),
  // A stock kubelet needs root, cgroups and mounts.
  kubelet: kubernetes('kubelet', { package: './labkubelet', acceptsPath: false }),
  kubectl: kubernetes('kubectl', {
    versionArguments: ['version', '--client'],
    versionPattern: /^Client Version: v(\S+)/m,
  }),
  k6: {
    name: 'k6',
    module: 'k6',
    package: 'go.k6.io/k6/v2',
    requirement: 'go.k6.io/k6/v2',
    versionArguments: ['version'],
    // k6 reports the name of its file, which differs during the build.
    versionPattern: /^\S*k6\S* v(\d\S*)/m,
    acceptsPath: true,
  },
  'keda-operator': keda('keda-operator', 'operator', { carries: { manifests: 'config' } }),
  'keda-adapter': keda('keda-adapter', 'adapter'),
  kwok: {
    name: 'kwok',
    module: 'kwok',
    package: 'sigs.k8s.io/kwok/cmd/kwok',
    requirement: 'sigs.k8s.io/kwok',
    versionArguments: ['--version'],
    versionPattern: /^kwok version v?(\d\S*)/m,
    acceptsPath: true,
  },
  // With its KWOK provider, which decides as any provider does, and has no cloud: the lab boots the nodes (see lab/karpenter).
  karpenter: {
    name: 'karpenter',
    module: 'karpenter',
    package: 'sigs.k8s.io/karpenter/kwok',
    requirement: 'sigs.k8s.io/karpenter',
    versionArguments: ['--version'],
    versionPattern: /^karpenter v(\S+)/m,
    stamps: ['sigs.k8s.io/karpenter/pkg/operator.Version'],
    // Another build would name its nodes differently, and listen on every address (see replacements.ts).
    acceptsPath: false,
    carries: { definitions: 'kwok/charts/crds', classes: 'kwok/apis/crds' },
  },
  // Only tests start it: a rehearsal asks the Prometheus that the team has.
  prometheus: {
    name: 'prometheus',
    module: 'prometheus',
    package: 'github.com/prometheus/prometheus/cmd/prometheus',
    requirement: 'github.com/prometheus/prometheus',
    versionArguments: ['--version'],
    // The module of Prometheus 3.16 is v0.316: its v3 has no /v3 in its path.
    versionPattern: /^prometheus, version (\d\S*)/m,
    stamps: ['github.com/prometheus/common/version.Version'],
    acceptsPath: false,
  },
  // Only tests start it: a team has its own. It takes its definitions (CRDs) with it.
  'rollouts-controller': {
    name: 'rollouts-controller',
    module: 'argo-rollouts',
    package: 'github.com/argoproj/argo-rollouts/cmd/rollouts-controller',
    requirement: 'github.com/argoproj/argo-rollouts',
    versionArguments: ['--version'],
    // Not built by its own makefile, it adds "+unknown".
    versionPattern: /^v(\d[^\s+]*)/m,
    stamps: ['github.com/argoproj/argo-rollouts/utils/version.version'],
    acceptsPath: false,
    carries: { definitions: 'manifests/crds' },
  },
  // The project's own: makes the network namespaces of a lab. Its version is that of its main module.
  labnet: {
    name: 'labnet',
    module: 'labnet',
    package: './labnet',
    requirement: 'github.com/vishvananda/netlink',
    versionArguments: ['--version'],
    versionPattern: /^labnet v(\d\S*)/m,
    acceptsPath: false,
  },
  // The judge of the lab's ingress, and the backend that it sends requests to: `npm run conformance:gateway`.
  'gateway-conformance': gatewaySuite('gateway-conformance', {
    package: './conformance',
    versionPattern: /^gateway-conformance v(\S+)/m,
  }),
  'gateway-echo': gatewaySuite('gateway-echo', {
    package: 'sigs.k8s.io/gateway-api/conformance/echo-basic',
    versionPattern: /^echo-basic v(\S+)/m,
  }),
  // The conformance suites of Kubernetes and of the CRI, and the program that their pods run: `npm run conformance`.
  'e2e-test': kubernetesSuite('e2e-test', {
    package: 'k8s.io/kubernetes/test/e2e',
    isTest: true,
    versionPattern: /^v(\d\S*)/m,
  }),
  agnhost: kubernetesSuite('agnhost', {
    package: 'k8s.io/kubernetes/test/images/agnhost',
    versionPattern: /^app version (\d\S*)/m,
    stamps: ['main.Version'],
  }),
  critest: {
    name: 'critest',
    module: 'cri-tools',
    package: 'sigs.k8s.io/cri-tools/cmd/critest',
    isTest: true,
    requirement: 'sigs.k8s.io/cri-tools',
    versionArguments: ['--version'],
    versionPattern: /^critest version: (\d\S*)/m,
    stamps: ['sigs.k8s.io/cri-tools/pkg/version.Version'],
    acceptsPath: false,
  },
}

/** The folders with go.mod and go.sum, as they lie in the project. */
export const GO_MODULES = fileURLToPath(new URL('./go', import.meta.url))

/** The pinned version, from go.mod, its only definition. @throws Error if go.mod does not name the requirement */
export function pinnedVersion(tool: Tool, goModules: string = GO_MODULES): string {
  return requiredVersion(readFileSync(join(goModules, tool.module, 'go.mod'), 'utf8'), tool.requirement)
}

/** `require` blocks and single lines: a module path, a space, and v with the version. */
export function requiredVersion(goMod: string, requirement: string): string {
  const words = goMod.split('\n').map((line) =>
    line
      .replace(/^require\s+/, '')
      .trim()
      .split(/\s+/),
  )
  const version = words.find(([path, found]) => path === requirement && found?.startsWith('v'))?.[1]
  if (version === undefined) throw new Error(`go.mod does not require ${requirement}`)
  return version.slice(1)
}

/** The Go release that go.mod asks for, such as 1.26.0. */
export function requiredGo(goMod: string): string {
  const version = /^go (\d+\.\d+(?:\.\d+)?)$/m.exec(goMod)?.[1]
  if (version === undefined) throw new Error('go.mod does not say which Go it needs')
  return version
}

/** A program is accepted if it has the same minor release: 2.2.x, 1.37.x, 3.7.x. */
export function isSameMinor(found: string, pinned: string): boolean {
  const minor = (version: string) => version.split('.').slice(0, 2).join('.')
  return minor(found) === minor(pinned)
}

/** `kube-apiserver` may be given as MATCHDAY_KUBE_APISERVER. */
export const environmentVariable = (name: ToolName): string => `MATCHDAY_${name.toUpperCase().replaceAll('-', '_')}`
