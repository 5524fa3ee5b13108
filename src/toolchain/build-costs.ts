import type { GoModule, Tool, ToolName } from './tools.ts'

/** What the build of one program costs on two idle cores. */
type BuildCost = {
  /** Without the packages that earlier programs of its module have compiled. Undefined: nobody has measured it. */
  readonly seconds?: number
  /** How many packages it compiles then, and how many when it is the first of its module (`go list -deps`). */
  readonly packages: number
  readonly packagesAlone: number
  readonly programMegabytes: number
}

const alone = (seconds: number | undefined, packages: number, programMegabytes: number): BuildCost => ({
  ...(seconds === undefined ? {} : { seconds }),
  packages,
  packagesAlone: packages,
  programMegabytes,
})

const after = (seconds: number, packages: number, packagesAlone: number, programMegabytes: number): BuildCost => ({
  seconds,
  packages,
  packagesAlone,
  programMegabytes,
})

/**
 * The seconds of the programs that every run needs were measured in one run, in this order, with an empty cache of Go. Those of KEDA and labnet were measured the
 * same way, but before the compiler left out debugging data (`buildArguments`), which saves a tenth. Those of Karpenter and of Argo Rollouts were measured beside other work. Those
 * of the conformance suites are 0.14 s for each package.
 */
const COSTS: Readonly<Record<ToolName, BuildCost>> = {
  etcd: alone(42, 566, 25),
  'kube-apiserver': after(215, 1617, 2081, 119),
  'kube-controller-manager': after(69, 363, 2442, 105),
  'kube-scheduler': after(7, 6, 1454, 81),
  kubelet: after(20, 113, 1797, 92),
  kubectl: after(17, 193, 915, 62),
  k6: alone(48, 780, 47),
  'keda-operator': alone(497, 3335, 177),
  'keda-adapter': after(72, 374, 3677, 127),
  kwok: alone(undefined, 1000, 50),
  karpenter: alone(120, 1011, 43),
  prometheus: alone(undefined, 1500, 120),
  'rollouts-controller': alone(120, 1698, 95),
  labnet: alone(10, 103, 4),
  'gateway-conformance': alone(undefined, 1000, 60),
  'gateway-echo': alone(undefined, 300, 15),
  'e2e-test': alone(400, 2837, 150),
  agnhost: after(10, 41, 1367, 60),
  critest: alone(85, 595, 40),
}

/** The modules of a Go module's programs, unpacked and as archives: measured for the first six, and a guess for the others. */
const MODULE_MEGABYTES: Readonly<Record<GoModule, number>> = {
  kubernetes: 650,
  k6: 310,
  keda: 1770,
  karpenter: 320,
  'argo-rollouts': 1550,
  labnet: 28,
  kwok: 400,
  prometheus: 800,
  'gateway-api': 300,
  'kubernetes-suite': 700,
  'cri-tools': 400,
}

/** 3.8 GB for the 3,600 packages of the programs that every run needs. */
const COMPILED_BYTES_EACH = 1.05e6

/** A package that an earlier program of the module would have compiled: etcd's 566 took 42 s, and those of the API server 0.13 s each. */
const SHARED_PACKAGE_SECONDS = 0.1

/** The seconds were measured on two. More than eight do not help much, because packages wait for each other and a program is linked on one. */
const MEASURED_CORES = 2
const USEFUL_CORES_MAX = 8

/** One build: how long, how many packages go names meanwhile, and what it leaves on the disk. */
export type ExpectedBuild = {
  readonly ms?: number
  readonly packages: number
  readonly compiledBytes: number
  readonly programBytes: number
}

/** The costs of builds in this order, with nothing compiled before. */
export function expectedBuilds(tools: readonly Tool[], cores: number): readonly ExpectedBuild[] {
  const slower = MEASURED_CORES / Math.min(Math.max(1, cores), USEFUL_CORES_MAX)
  return tools.map((tool, position) => {
    const { seconds, packages, packagesAlone, programMegabytes } = COSTS[tool.name]
    const isFirst = !tools.slice(0, position).some(({ module }) => module === tool.module)
    const compiles = isFirst ? packagesAlone : packages
    const longer = (compiles - packages) * SHARED_PACKAGE_SECONDS
    return {
      ...(seconds === undefined ? {} : { ms: (seconds + longer) * slower * 1000 }),
      packages: compiles,
      compiledBytes: compiles * COMPILED_BYTES_EACH,
      programBytes: programMegabytes * 1e6,
    }
  })
}

export const moduleBytes = (goModule: GoModule): number => MODULE_MEGABYTES[goModule] * 1e6
