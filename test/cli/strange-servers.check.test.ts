import { describe, expect, it } from 'vitest'
import { performed } from '../support/command.ts'
import { strangeKubeconfig, strangeServers } from '../support/strange-servers.ts'

describe('check where Kubernetes was expected', () => {
  it.each(strangeServers)('and %s says what it got and exits 5', async (_, serve, said) => {
    const kubeconfig = await strangeKubeconfig(serve)
    const target = ['--context', 'lab', '--kubeconfig', kubeconfig, '--target', 'scenarios/targets/lab.yaml']
    const { code, stdout, stderr } = await performed('check', ...target)
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' })
    expect(stderr).toMatch(said)
    expect(stderr).toMatch(/^environment .*\(context lab\)[\s\S]*\n {2}Next: /)
  })
})
