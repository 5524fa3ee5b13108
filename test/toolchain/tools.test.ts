import { describe, expect, it } from 'vitest'
import { goFailure } from '../../src/toolchain/go-command.ts'
import {
  environmentVariable,
  isSameMinor,
  pinnedVersion,
  requiredGo,
  requiredVersion,
  STANDARD_TOOLS,
  TOOL_GROUPS,
  TOOL_NAMES,
  TOOLS,
} from '../../src/toolchain/tools.ts'

describe('the table of programs', () => {
  it.each(TOOL_NAMES.map((name) => [name]))('has a pinned version for %s in the committed go.mod', (name) => {
    expect(pinnedVersion(TOOLS[name])).toMatch(/^\d+\.\d+\.\d+/)
  })

  it.each([
    ['etcd', 'etcd Version: 3.7.3\nGit SHA: x', '3.7.3'],
    ['kube-apiserver', 'Kubernetes v1.37.2', '1.37.2'],
    ['kubectl', 'Client Version: v1.37.2\nKustomize Version: v5.8.1', '1.37.2'],
    ['k6', 'k6 v2.2.0 (go1.26.8, linux/amd64)', '2.2.0'],
    ['keda-operator', 'KEDA v2.21.0', '2.21.0'],
    ['kwok', 'kwok version v0.8.0 go1.26.8 (linux/amd64)', '0.8.0'],
    ['karpenter', 'karpenter v1.15.0', '1.15.0'],
    ['prometheus', 'prometheus, version 0.316.0 (branch: , revision: unknown)\n  build user:', '0.316.0'],
    ['rollouts-controller', 'v1.10.1+unknown', '1.10.1'],
    ['e2e-test', 'v1.37.2', '1.37.2'],
    ['agnhost', 'app version 1.37.2', '1.37.2'],
    ['critest', 'critest version: 1.36.0\nPASS', '1.36.0'],
    ['k6', 'my-k6 v2.2.0 (commit/abc, go1.26.8, linux/amd64)', '2.2.0'],
  ] as const)('reads the version that %s prints', (name, printed, version) => {
    expect(TOOLS[name].versionPattern.exec(printed)?.[1]).toBe(version)
  })

  it('does not hold KEDA, KWOK, Karpenter, Prometheus, Argo Rollouts, labnet and suites among the tools that every run needs', () => {
    expect(STANDARD_TOOLS).toContain('kube-apiserver')
    for (const name of [
      ...TOOL_GROUPS.keda,
      'kwok',
      'karpenter',
      'prometheus',
      'rollouts-controller',
      'labnet',
      ...TOOL_GROUPS['kubernetes-suite'],
      ...TOOL_GROUPS['cri-suite'],
    ] as const)
      expect(STANDARD_TOOLS).not.toContain(name)
  })

  it('holds the conformance suite of the Kubernetes that the lab runs', () => {
    for (const name of TOOL_GROUPS['kubernetes-suite'])
      expect(pinnedVersion(TOOLS[name])).toBe(pinnedVersion(TOOLS['kube-apiserver']))
  })

  it('reads the path of each program from its environment variable', () => {
    expect(TOOL_NAMES.map(environmentVariable)).toContain('MATCHDAY_KUBE_CONTROLLER_MANAGER')
  })
})

describe('go.mod', () => {
  const goMod =
    'module x\n\ngo 1.26.0\n\nrequire (\n\ta.b/c v1.2.3\n\ta.b/c/d v4.0.0 // indirect\n)\n\nrequire e.f/g v0.1.0\n'

  it.each([
    ['a.b/c', '1.2.3'],
    ['a.b/c/d', '4.0.0'],
    ['e.f/g', '0.1.0'],
  ])('requires %s at %s', (path, version) => expect(requiredVersion(goMod, path)).toBe(version))

  it('without a required program is a defect of matchday', () => {
    expect(() => requiredVersion(goMod, 'a.b')).toThrow('does not require a.b')
  })

  it('names the version of Go that it needs', () => expect(requiredGo(goMod)).toBe('1.26.0'))
})

describe('a version', () => {
  it.each([
    ['1.37.9', '1.37.2', true],
    ['1.38.0', '1.37.2', false],
    ['1.3.7', '1.37.2', false],
    ['2.37.2', '1.37.2', false],
  ])('%s serves where %s is pinned: %s', (found, pinned, serves) => expect(isSameMinor(found, pinned)).toBe(serves))
})

describe('the output of go', () => {
  it.each([
    ['write /x/y: no space left on device', 'disk-full'],
    ['go: go.mod requires go >= 1.26.0 (running go 1.22.2; GOTOOLCHAIN=local)', 'go-too-old'],
    ['go: download go1.26.0 for linux/amd64: toolchain not available', 'go-too-old'],
    ['verifying a.b/c@v1.0.0: checksum mismatch', 'checksum-mismatch'],
    ['go: a.b/c@v1.0.0: Get "https://proxy/": dial tcp: lookup proxy: no such host', 'registry-unreachable'],
    ['go: a.b/c@v1.0.0: reading https://proxy/: 404 Not Found', 'registry-unreachable'],
    ['./main.go:3:1: undefined: x', 'build-failed'],
  ])('"%s" is %s', (stderr, code) => {
    const error = goFailure('building k6', { code: 1, stdout: '', stderr })
    expect(error.code).toBe(code)
    expect(error.tried[0]).toContain(stderr)
  })
})
