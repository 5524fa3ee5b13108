import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { performed } from '../support/command.ts'
import { type Answers, refusal, serveSmallApi } from '../support/small-api-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

type Review = { readonly spec: { readonly resourceAttributes: { readonly resource: string } } }
const web = {
  metadata: { name: 'web', namespace: 'casino' },
  spec: { template: { metadata: {}, spec: { containers: [{ name: 'c', image: `x@sha256:${'a'.repeat(64)}` }] } } },
}

/** A namespace with one Deployment whose image is pinned; these kinds may not be listed. */
const without =
  (...forbidden: readonly string[]): Answers =>
  ({ path, body }) => {
    if (path === '/version') return { gitVersion: 'v1.37.2' }
    if (path.endsWith('/namespaces/kube-system'))
      return forbidden.includes('namespaces') ? refusal(403) : { metadata: { name: 'kube-system', uid: 'u' } }
    if (path.endsWith('/selfsubjectaccessreviews'))
      return { status: { allowed: !forbidden.includes((body as Review).spec.resourceAttributes.resource) } }
    if (forbidden.some((each) => path.endsWith(`/${each}`))) return refusal(403)
    return path.endsWith('/deployments') ? { items: [web] } : path.startsWith('/apis/keda') ? undefined : { items: [] }
  }

async function check(answers: Answers, ...wants: readonly string[]) {
  const file = await serveSmallApi(answers, join(tempFolder(), 'kubeconfig'))
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"small"', '"lab"'))
  const target = ['--context', 'lab', '--kubeconfig', file, '--target', 'scenarios/targets/lab.yaml']
  return performed('check', ...target, '--want', ...wants)
}

describe('a permission that is missing in a check', () => {
  it('costs only its own row, and exit code 5 where the rest is in order', async () => {
    const { code, stdout } = await check(without('secrets', 'namespaces'), 'rotated-secrets', 'pinned-images')
    expect(stdout).toMatch(/^0 findings; not everything could be checked: 1 reason\n/)
    expect(stdout).toMatch(/permission-missing\n.*may not list secrets/)
    expect(stdout).toMatch(/\? {2}casino {2}rotated-secrets/)
    expect(stdout).toMatch(/✓ {2}casino {2}pinned-images/)
    expect(code).toBe(5)
  })

  it('does not hide failed checks elsewhere', async () => {
    const { code, stdout } = await check(without('secrets'), 'rotated-secrets', 'pinned-images', 'default-deny')
    expect(stdout).toMatch(/✗ {2}casino {2}default-deny/)
    expect(code).toBe(1)
  })

  it('is no reason where everything may be read', async () => {
    const { code, stdout } = await check(without(), 'rotated-secrets', 'pinned-images')
    expect(stdout).toMatch(/^in order: 0 findings\n/)
    expect(code).toBe(0)
  })
})
