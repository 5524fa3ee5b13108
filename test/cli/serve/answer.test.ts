import { describe, expect, it } from 'vitest'
import { ofComparison, ofJudgment } from '../../../src/cli/serve/answer.ts'
import { parseListen, tokenIssues } from '../../../src/cli/serve/listen.ts'
import { routeOf } from '../../../src/cli/serve/routes.ts'
import type { Finding, Verdict } from '../../../src/domain/verdict.ts'
import { createComparing } from '../../../src/judge/comparing.ts'
import { judge } from '../../../src/judge/judge.ts'
import { evidence } from '../../support/evidence.ts'
import { sessionRecords } from '../../support/evidence-blocks.ts'

const healthy = judge(evidence())
const finding: Finding = {
  weight: 'breach',
  cause: 'slo-missed',
  subject: 'deposit',
  sentence: 'missed.',
  next: 'look.',
  evidence: [],
}
const accepted = { ...finding, weight: 'accepted' } as const
const at = evidence()[0]?.at ?? Number.NaN

describe('the answer about a run', () => {
  it.each<[string, Verdict, number, string]>([
    ['a pass', { kind: 'pass', warnings: [] }, 0, 'pass'],
    ['a pass that left something behind', { kind: 'pass', warnings: [] }, 6, 'inconclusive'],
    ['a failure', { kind: 'fail', breaches: [finding] }, 1, 'fail'],
    ['missing evidence', { kind: 'inconclusive', gaps: [finding] }, 3, 'inconclusive'],
    ['a stop by a guardrail', { kind: 'aborted', by: 'deposit-90', at: at as never, gaps: [] }, 4, 'fail'],
    ['a stop by hand', { kind: 'aborted', by: 'operator', at: at as never, gaps: [] }, 4, 'inconclusive'],
  ])('of %s is as documented', (_, verdict, exitCode, word) => {
    expect(ofJudgment({ ...healthy, verdict, exitCode })).toMatchObject({ format: 1, verdict: word, run: healthy.run })
  })

  it('says how many findings are accepted, and nothing if there are none', () => {
    const verdict = { kind: 'pass', warnings: [], accepted: [accepted, accepted] } as const
    expect(ofJudgment({ ...healthy, verdict })).toMatchObject({ verdict: 'pass', acceptedFindings: 2 })
    expect(ofJudgment(healthy)).not.toHaveProperty('acceptedFindings')
  })

  it('has a reason that fits into a Kubernetes event', () => {
    expect(ofJudgment({ ...healthy, summary: 'x'.repeat(4000) }).reason).toHaveLength(500)
  })
})

describe('the answer about a comparison', () => {
  const judging = createComparing()
  for (const record of sessionRecords()) judging.add(record)
  const comparison = judging.result()

  it.each([
    ['regressed', 1, 'fail'],
    ['not-worse', 0, 'pass'],
    ['not-worse', 6, 'inconclusive'],
    ['undecided', 3, 'inconclusive'],
  ] as const)('that is %s (%i) is %s', (outcome, exitCode, word) => {
    expect(ofComparison({ ...comparison, outcome, exitCode }).verdict).toBe(word)
  })
})

describe('a path', () => {
  it.each([
    ['GET', '/healthz', { kind: 'health' }],
    ['GET', '/v1/verdict', { kind: 'ask', door: 'verdict', asked: {} }],
    ['POST', '/v1/flagger/confirm?rehearsal=derby-day', { door: 'confirm', asked: { rehearsal: 'derby-day' } }],
    ['POST', '/v1/flagger/rollback?run=a-1', { door: 'rollback', asked: { run: 'a-1' } }],
    ['GET', '/v1/verdict?since=2026-11-29T12:00:00Z', { asked: { sinceAt: Date.parse('2026-11-29T12:00:00Z') } }],
    ['GET', '/v1/verdict?since=lately', { kind: 'wrong', status: 400 }],
    ['GET', '/v1/verdict?rehersal=derby-day', { kind: 'wrong', status: 400 }],
    ['GET', '/v1/verdict?run=..%2F..%2Fetc', { kind: 'wrong', status: 400 }],
    ['GET', '/v1/verdict?run=', { kind: 'wrong', status: 400 }],
    ['GET', `/v1/verdict?run=${'a'.repeat(3000)}`, { kind: 'wrong', status: 400 }],
    ['GET', '//evil.example/v1/verdict', { kind: 'ask' }],
    ['GET', '/', { kind: 'wrong', status: 404 }],
    ['DELETE', '/v1/verdict', { kind: 'wrong', status: 405 }],
  ])('%s %s is understood', (method, url, route) => {
    expect(routeOf(method, url)).toMatchObject(route)
  })
})

describe('an address to listen on', () => {
  it.each([
    ['7071', { host: '127.0.0.1', port: 7071 }],
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
    ['[::1]:7071', { host: '::1', port: 7071 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['localhost:70710', undefined],
    ['localhost', undefined],
    ['http://localhost:1', undefined],
  ])('%s is parsed', (written, listen) => {
    expect(parseListen(written)).toEqual(listen)
  })

  it.each([
    ['127.0.0.1', undefined, 0],
    ['::1', undefined, 0],
    ['0.0.0.0', undefined, 1],
    ['127.evil.example', undefined, 1],
    ['0.0.0.0', 'a-secret-of-20-chars', 0],
    ['0.0.0.0', 'short', 1],
    ['127.0.0.1', '', 1],
    ['127.0.0.1', 'with a blank in it, long', 1],
  ])('on %s with the token %j gives %i issues', (host, token, issues) => {
    expect(tokenIssues({ host, port: 1 }, token)).toHaveLength(issues)
  })
})
