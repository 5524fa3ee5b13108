/** A Rollout that is followed, in a rehearsal file: what it becomes, and what is refused. */
import { describe, expect, it } from 'vitest'
import { formatIssue } from '../../src/domain/issue.ts'
import { checkFit } from '../../src/files/fit.ts'
import { EVERYTHING, everythingPair, parseStock } from './stock.ts'

const ROLLING = `release: {deployment: wallet, within: 8s, rollBackWithin: 20s,
        image: {wallet: 'registry.example/wallet:2'}, annotations: {checksum/config: 3f1c}}`
const FOLLOW = `follow: {rollout: shop, within: 8s, gate: {source: wallet, where: [{route: /deposits}], errors: {atMost: 1%, from: 20}}}`

const parsed = (follow = FOLLOW) => parseStock({ [EVERYTHING]: [[ROLLING, follow]] })

describe('a Rollout that is followed, in a file', () => {
  it('is an action with its time and its gate', () => {
    const result = parsed()
    if (!result.ok) throw new Error(result.issues.map(formatIssue).join('\n'))
    expect(result.value.actions.find(({ name }) => name === 'wallet 2')?.act).toEqual({
      kind: 'follow',
      rollout: 'shop',
      withinMs: 8000,
      gate: { source: 'wallet', where: [{ route: '/deposits' }], errors: { atMost: 0.01, from: 20 } },
    })
  })

  it.each([
    ['without a time', FOLLOW.replace('within: 8s, ', ''), 'missing-key: spec.actions[6].follow has no "within".'],
    [
      'for less time than its release may take',
      FOLLOW.replace('within: 8s', 'within: 20s'),
      'expectation-unobservable: "wallet 2" is watched for 10s, less than the 20s that its release may take.',
    ],
  ])('%s is refused', (_, follow, issue) => {
    const result = parsed(follow)
    expect(result.ok ? [] : result.issues.map(({ code, problem }) => `${code}: ${problem}`)).toEqual([issue])
  })

  it('needs a source that counts requests', () => {
    const result = parsed()
    if (!result.ok) throw new Error(result.issues.map(formatIssue).join('\n'))
    const [name, { metrics, ...source }] = Object.entries(everythingPair().target.sources).find(
      ([each]) => each === 'wallet',
    ) ?? ['', { metrics: [] }]
    const target = { ...everythingPair().target }
    const without = {
      ...target,
      sources: {
        ...target.sources,
        [name]: { ...source, metrics: metrics.filter((each) => each !== 'http_requests_total') },
      },
    }
    const problems = checkFit(result.value, without as typeof target).map(({ problem }) => problem)
    expect(problems).toContain(
      'scenarios/targets/lab.yaml does not list http_requests_total among the metrics of "wallet".',
    )
  })
})
