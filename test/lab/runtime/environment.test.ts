import { describe, expect, it } from 'vitest'
import { type EnvironmentParts, environmentOfContainer } from '../../../src/lab/runtime/container/environment.ts'

const parts = (changes: Partial<EnvironmentParts> = {}): EnvironmentParts => ({
  id: 'abc',
  labRoot: '/lab',
  hostname: 'web-1',
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
})
