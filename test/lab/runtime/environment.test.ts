import { describe, expect, it } from 'vitest'
import { type EnvironmentParts, environmentOfContainer } from '../../../src/lab/runtime/container/environment.ts'

const parts = (changes: Partial<EnvironmentParts> = {}): EnvironmentParts => ({
  id: 'abc',
  labRoot: '/lab',
  hostname: 'web-1',
  compileCache: '/lab/images/web/compile-cache',
  programs: '/lab/images/bin',
  mountPreload: '/lab/images/lib/mounts.cjs',
  view: { root: '/lab/c/root', temporary: '/lab/c/root/tmp', mountPaths: [] },
  mountPrefix: '/lab/c/root',
  image: {},
  pod: [],
  network: undefined,
  memoryLimit: 0,
  ...changes,
})

describe('the environment of a container', () => {
  it('says where its mounted files are: below a folder of the machine, or at their own paths', () => {
    expect(environmentOfContainer(parts()).MATCHDAY_ROOT).toBe('/lab/c/root')
    expect(environmentOfContainer(parts({ mountPrefix: '' })).MATCHDAY_ROOT).toBe('')
  })

  it('lets Node share compiled code, unless the program is not Node or the pod has another place for it', () => {
    expect(environmentOfContainer(parts()).NODE_COMPILE_CACHE).toBe('/lab/images/web/compile-cache')
    expect(environmentOfContainer(parts({ compileCache: undefined }))).not.toHaveProperty('NODE_COMPILE_CACHE')
    const pod = [{ key: 'NODE_COMPILE_CACHE', value: '/tmp/own' }]
    expect(environmentOfContainer(parts({ pod })).NODE_COMPILE_CACHE).toBe('/tmp/own')
  })
})
