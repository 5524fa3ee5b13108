import { describe, expect, it } from 'vitest'
import { rawSamplesPath, readMatrix, readTime } from '../../../src/protocols/prometheus/query.ts'

/** Answers of Prometheus 0.316.0 to `/api/v1/query`, as they came. */
const RECORDED = {
  samples:
    '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"prometheus_http_requests_total","code":"200","handler":"/api/v1/query","instance":"127.0.0.1:19191","job":"me"},"values":[[1795916690.211,"0"],[1795916691.211,"2"]]}]}}',
  nothing: '{"status":"success","data":{"resultType":"matrix","result":[]}}',
  stale:
    '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"prometheus_rule_evaluation_duration_seconds","instance":"127.0.0.1:19191","job":"me","quantile":"0.5"},"values":[[1795916690.211,"NaN"],[1795916691.211,"NaN"]]}]}}',
  badQuery:
    '{"status":"error","errorType":"bad_data","error":"invalid parameter \\"query\\": 1:16: parse error: unclosed left parenthesis"}',
  vector:
    '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"go_gc_duration_seconds_sum","instance":"127.0.0.1:19191","job":"me"},"value":[1795916691.756,"0.060693925"]}]}}',
  time: '{"status":"success","data":{"resultType":"scalar","result":[1795916691.756,"1795916691.756"]}}',
} as const

describe('an answer with raw samples', () => {
  it('holds each sample with the time of its scrape', () => {
    expect(readMatrix(200, RECORDED.samples)).toEqual({
      ok: true,
      series: [
        {
          labels: {
            __name__: 'prometheus_http_requests_total',
            code: '200',
            handler: '/api/v1/query',
            instance: '127.0.0.1:19191',
            job: 'me',
          },
          samples: [
            { at: 1795916690211, value: 0 },
            { at: 1795916691211, value: 2 },
          ],
        },
      ],
    })
  })

  it('may have no series', () => expect(readMatrix(200, RECORDED.nothing)).toEqual({ ok: true, series: [] }))

  it('keeps values that are not numbers, so that the reader refuses them', () => {
    const matrix = readMatrix(200, RECORDED.stale)
    expect(matrix.ok && matrix.series[0]?.samples.map(({ value }) => value)).toEqual([Number.NaN, Number.NaN])
    const infinite = readMatrix(200, RECORDED.samples.replace('"2"', '"+Inf"'))
    expect(infinite.ok && infinite.series[0]?.samples[1]?.value).toBe(Number.POSITIVE_INFINITY)
  })

  it.each([
    [
      'the words of Prometheus for a bad query',
      400,
      RECORDED.badQuery,
      'bad_data: invalid parameter "query": 1:16: parse error: unclosed left parenthesis',
    ],
    ['an expression that is not a selector', 200, RECORDED.vector, 'answered a vector where a matrix was asked for'],
    ['a page of a proxy', 502, 'Bad Gateway', 'answered 502: Bad Gateway'],
    [
      'a refusal of the API server',
      403,
      '{"kind":"Status","message":"services is forbidden"}',
      'answered 403: services is forbidden',
    ],
    ['an empty answer', 401, '', 'answered 401'],
    [
      'a sample without a time',
      200,
      RECORDED.samples.replace('1795916690.211', '"soon"'),
      'answered a sample without a time',
    ],
    ['a native histogram', 200, RECORDED.samples.replace('"values"', '"histograms"'), 'native histogram'],
  ])('is refused with its reason: %s', (_, status, text, problem) => {
    expect(readMatrix(status, text)).toEqual({ ok: false, problem: expect.stringContaining(problem) })
  })
})

it('the clock of Prometheus is read in ms', () => {
  expect(readTime(200, RECORDED.time)).toBe(1795916691756)
  expect(readTime(400, RECORDED.badQuery)).toBeUndefined()
})

it('a query asks for the samples of a time range, and its selector is escaped', () => {
  expect(rawSamplesPath('orders_total{job="shop"}', 30_000.5)).toBe(
    '/api/v1/query?query=orders_total%7Bjob%3D%22shop%22%7D%5B30001ms%5D',
  )
})
