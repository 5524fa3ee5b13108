import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { performed } from '../support/command.ts'
import { strangeKubeconfig, strangeServers } from '../support/strange-servers.ts'
import { tempFolder } from '../support/temp-folder.ts'

describe('run with a server that is not Kubernetes', () => {
  it.each(strangeServers)('reports what it got from %s, leaves no run and exits with 5', async (_, serve, said) => {
    const kubeconfig = await strangeKubeconfig(serve)
    const reports = join(tempFolder(), 'reports')
    const { code, stdout, stderr } = await performed(
      ...['run', 'scenarios/psp-down-at-peak.rehearsal.yaml', '--context', 'lab', '--kubeconfig', kubeconfig],
      ...['--target', 'scenarios/targets/lab.yaml', '--reports', reports],
    )
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' })
    expect(stderr).toMatch(said)
    expect(stderr).toMatch(/environment .*\(context lab\)[\s\S]*\n {2}Next: /)
    expect(existsSync(reports) ? readdirSync(reports) : []).toEqual([])
  })
})
