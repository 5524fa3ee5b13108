import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatLines } from '../../../src/lab/runtime/container/log-sink.ts'

const HEAD = '2026-01-02T03:04:05.678Z stdout'

/** Reads the format back, as the kubelet does: parts are joined without a newline. */
function parse(lines: string): string {
  return lines
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [, tag, text] = /^2026-\S+ stdout ([FP]) (.*)$/s.exec(line) ?? []
      if (tag === undefined || text === undefined) throw new Error(`no log line: ${line.slice(0, 80)}`)
      return tag === 'F' ? `${text}\n` : text
    })
    .join('')
}

describe('the log format', () => {
  it('keeps every byte in order, however the output is split', () => {
    const output = fc
      .array(fc.oneof(fc.string(), fc.constant('\n'), fc.constant('x'.repeat(40_000))))
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(output, fc.array(fc.nat(50_000)), (text, cuts) => {
        let rest = ''
        let lines = ''
        for (const piece of cut(text, cuts)) {
          const formatted = formatLines(rest + piece, HEAD)
          lines += formatted.lines
          rest = formatted.rest
        }
        expect(parse(lines) + rest).toBe(text)
      }),
    )
  })

  it('splits long lines into parts of 16 KiB', () => {
    const { lines, rest } = formatLines(`${'x'.repeat(40_000)}\n`, HEAD)
    const sizes = lines
      .trimEnd()
      .split('\n')
      .map((line) => [line.split(' ')[2], line.length - HEAD.length - 3])
    expect(sizes).toEqual([
      ['P', 16_384],
      ['P', 16_384],
      ['F', 7_232],
    ])
    expect(rest).toBe('')
  })
})

function cut(text: string, at: readonly number[]): string[] {
  const places = [0, ...at.filter((place) => place < text.length).sort((a, b) => a - b), text.length]
  return places.slice(1).map((place, position) => text.slice(places[position], place))
}
