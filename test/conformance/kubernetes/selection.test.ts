import { describe, expect, it } from 'vitest'
import { focusOn, otherSpecs, workloadSpecs } from './selection.ts'

const NAMES = [
  '[sig-node] Probing container should be restarted with a exec "cat /tmp/health" liveness probe [Conformance]',
  '[sig-node] Pods Extended Pods Set QOS Class should be set on Pods [Conformance]',
  '[sig-node] Sysctls [LinuxOnly] should reject invalid sysctls [Conformance]',
  '[sig-apps] Daemon set [Serial] should run and stop simple daemon [Conformance]',
  '[sig-apps] StatefulSet Basic should have a working scale subresource [Conformance]',
  '[sig-apps] CronJob should support CronJob API operations [Conformance]',
  '[sig-api-machinery] ResourceQuota should manage the lifecycle of a ResourceQuota [Conformance]',
  '[sig-scheduling] LimitRange should create a LimitRange with defaults [Serial] [Conformance]',
]

describe('the selection of specs', () => {
  it('takes what a rehearsal needs of a cluster, and nothing that needs it alone', () => {
    expect(workloadSpecs(NAMES)).toEqual([NAMES[6], NAMES[4], NAMES[1], NAMES[0]])
  })

  it('has all others that need not be alone as the second group', () => {
    expect(otherSpecs(NAMES)).toEqual([NAMES[5], NAMES[2]])
  })

  it('focuses on one spec, whatever characters its name has', () => {
    const name = 'should *not* be restarted with a exec "cat /tmp/health" (pod) [Conformance]'
    // ginkgo matches against a text that begins with the title of the suite.
    expect(new RegExp(focusOn(name)).test(`Kubernetes e2e suite ${name}`)).toBe(true)
    expect(new RegExp(focusOn(name)).test(`Kubernetes e2e suite ${name} [Slow]`)).toBe(false)
  })
})
