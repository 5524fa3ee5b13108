import { expect, it } from 'vitest'
import { readIfAllowed } from '../../../src/adapters/kubernetes/actions/enactor.ts'
import { refusal, smallApiServer } from '../../support/small-api-server.ts'

const PATH = '/apis/apps/v1/namespaces/shop/deployments/web'
const readFrom = async (answer: unknown) => readIfAllowed(await smallApiServer(() => answer), PATH)

it('tells an object that is missing from one that may not be read', async () => {
  expect(await readFrom({ metadata: { name: 'web' } })).toMatchObject({ metadata: { name: 'web' } })
  expect(await readFrom(refusal(404))).toBe('missing')
  expect(await readFrom(refusal(403))).toBe('forbidden')
})

it.each([401, 500, 503])('throws if the API server answers %i', async (code) => {
  await expect(readFrom(refusal(code))).rejects.toThrow(String(code))
})
