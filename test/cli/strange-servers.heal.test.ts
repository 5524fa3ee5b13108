import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openJournal } from '../../src/journal/journal.ts'
import { performed } from '../support/command.ts'
import { runStarted } from '../support/evidence.ts'
import { afterIdentify, strangeKubeconfig, strangeServers } from '../support/strange-servers.ts'
import { tempFolder } from '../support/temp-folder.ts'

const heal = async (kubeconfig: string, reports: string) =>
  performed(
    ...['heal', '--context', 'lab', '--kubeconfig', kubeconfig],
    ...['--target', 'scenarios/targets/lab.yaml', '--reports', reports],
  )

/** The reports of a run that died with a fault in. */
async function deadRun(): Promise<string> {
  const reports = tempFolder()
  const started = runStarted()
  const folder = join(reports, 'dead-20260101-000000')
  mkdirSync(folder)
  const journal = await openJournal(join(folder, 'journal.ndjson'))
  journal.append(started)
  const undo = {
    does: 'delete-object',
    apiVersion: 'chaos-mesh.org/v1alpha1',
    objectKind: 'NetworkChaos',
    plural: 'networkchaos',
    namespace: 'casino',
    name: 'psp-down',
  } as const
  journal.append({ kind: 'undo-written', at: started.at, id: 'networkchaos/casino/psp-down', undo })
  await journal.close()
  return reports
}

describe('heal of a server that is not Kubernetes', () => {
  it.each(strangeServers)(
    'reports what it got from %s and exits with 5, or with 6 while an undo is outstanding',
    async (_, serve, said) => {
      const kubeconfig = await strangeKubeconfig(serve)
      const [clean, owed] = [await heal(kubeconfig, tempFolder()), await heal(kubeconfig, await deadRun())]
      expect({ ...clean, stderr: '' }).toEqual({ code: 5, stdout: '', stderr: '' })
      expect(clean.stderr).toMatch(said)
      expect(clean.stderr).toMatch(/^environment .*\(context lab\)[\s\S]*\n {2}Next: /)
      expect(clean.stderr).not.toContain('nothing was left')
      expect(owed.code).toBe(6)
      expect(owed.stderr).toMatch(said)
      expect(owed.stderr).toContain('still owed networkchaos/casino/psp-down of run')
    },
  )
})

describe('heal of a cluster that stops answering like Kubernetes', () => {
  const login = '<html>Log in</html>'
  it.each([
    ['a login page', 200, login, {}],
    ['a redirect', 302, '', { location: '/login' }],
    ['a proxy that forbids', 403, login, {}],
    ['a web server that knows no path', 404, login, {}],
    ['a server in trouble', 500, '', {}],
    ['an expired login', 401, '', {}],
  ])('(%s) exits with 6, because the residue is unknown', async (_, status, body, headers) => {
    const kubeconfig = await strangeKubeconfig(
      afterIdentify((_, response) => void response.writeHead(status, headers).end(body)),
    )
    const { code, stdout, stderr } = await heal(kubeconfig, tempFolder())
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' })
    expect(stderr).toContain(`: ${status}`)
    expect(stderr).not.toContain('nothing was left')
  })
})
