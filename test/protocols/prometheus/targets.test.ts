import { describe, expect, it } from 'vitest'
import { readTargets } from '../../../src/protocols/prometheus/targets.ts'

/** From an answer of Prometheus 0.316.0 to `/api/v1/targets?state=active`. */
const RECORDED =
  '{"status":"success","data":{"activeTargets":[{"discoveredLabels":{"__address__":"127.0.0.1:19333","__scrape_interval__":"500ms","job":"shop","pod":"shop-a"},"labels":{"instance":"127.0.0.1:19333","job":"shop","pod":"shop-a"},"scrapePool":"shop","scrapeUrl":"http://127.0.0.1:19333/metrics","lastError":"","lastScrape":"2026-11-29T09:48:35.389228911Z","health":"up","scrapeInterval":"500ms","scrapeTimeout":"500ms"},{"discoveredLabels":{"__address__":"127.0.0.1:1","__scrape_interval__":"1m30s","job":"slow"},"labels":{"instance":"127.0.0.1:1","job":"slow"},"scrapePool":"slow","scrapeUrl":"http://127.0.0.1:1/metrics","lastError":"","lastScrape":"0001-01-01T00:00:00Z","health":"unknown","scrapeInterval":"1m30s","scrapeTimeout":"500ms"}],"droppedTargets":[],"droppedTargetCounts":null}}'

describe('the scrape targets of a Prometheus', () => {
  it('are read with their labels and their interval', () => {
    expect(readTargets(200, RECORDED)).toEqual([
      { labels: { instance: '127.0.0.1:19333', job: 'shop', pod: 'shop-a' }, everyMs: 500 },
      { labels: { instance: '127.0.0.1:1', job: 'slow' }, everyMs: 90_000 },
    ])
  })

  it.each([
    ['a server without the list', 404, '404 page not found'],
    ['an answer that is not JSON', 200, '<html>'],
    ['JSON of something else', 200, '{"status":"success","data":{}}'],
  ])('are unknown after %s', (_, status, text) => {
    expect(readTargets(status, text)).toBeUndefined()
  })

  it('leave out a target whose interval cannot be read', () => {
    expect(readTargets(200, RECORDED.replace('"scrapeInterval":"500ms"', '"scrapeInterval":"often"'))).toHaveLength(1)
    expect(readTargets(200, RECORDED.replace('"scrapeInterval":"500ms"', '"since":"1m"'))).toHaveLength(1)
  })
})
