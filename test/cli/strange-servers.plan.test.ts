import { describe, expect, it } from 'vitest'
import { performed } from '../support/command.ts'
import { strangeKubeconfig, strangeServers } from '../support/strange-servers.ts'

describe('plan with a server that is not Kubernetes', () => {
  it.each(strangeServers)('reports what it got from %s and exits with 5', async (_, serve, said) => {
    const kubeconfig = await strangeKubeconfig(serve)
    const target = ['--context', 'lab', '--kubeconfig', kubeconfig, '--target', 'scenarios/targets/lab.yaml']
    const { code, stdout, stderr } = await performed('plan', 'scenarios/psp-down-at-peak.rehearsal.yaml', ...target)
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' })
    expect(stderr).toMatch(said)
    expect(stderr).toMatch(/^environment .*\(context lab\)[\s\S]*\n {2}Next: /)
  })
})
