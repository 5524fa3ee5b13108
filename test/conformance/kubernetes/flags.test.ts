import { describe, expect, it } from 'vitest'
import { flagsOf, HELP } from './flags.ts'

describe('the flags of npm run conformance', () => {
  it('choose both networks, all suites and all their specs by default', () => {
    expect(flagsOf([])).toMatchObject({
      does: 'run',
      networkings: ['namespaces', 'preload'],
      resume: false,
      forMs: Number.POSITIVE_INFINITY,
      atOnce: 4,
    })
    expect(flagsOf([])).not.toHaveProperty('only')
  })

  it('narrow the run', () => {
    const args = ['--networking', 'preload', '--only', 'e2e', '--focus', 'Stateful|PreStop', '--resume', '--for', '8m']
    expect(flagsOf(args)).toMatchObject({
      networkings: ['preload'],
      only: 'e2e',
      focus: /Stateful|PreStop/,
      resume: true,
      forMs: 480_000,
    })
  })

  it('are refused with all problems at once', () => {
    const args = [
      '--networking',
      'host',
      '--only',
      'cri',
      '--for',
      '8',
      '--at-once',
      '0',
      '--since',
      'HEAD',
      '--focus',
      '(',
    ]
    expect(flagsOf(args)).toEqual({
      problems: [
        '--networking takes namespaces or preload, got host',
        '--only takes e2e, others or critest, got cri',
        '--since needs --resume',
        expect.stringMatching(/^--focus takes a regular expression: /),
        '--for takes a time such as 50m or 2h, got 8',
        '--at-once takes a whole number from 1, got 0',
      ],
    })
    expect(flagsOf(['--nonsense'])).toEqual({ problems: [expect.stringContaining('--nonsense')] })
  })

  it('are those of the help, whose examples are accepted', () => {
    const examples = HELP.split('examples:\n')[1]?.split('\n') ?? []
    expect(examples.length).toBeGreaterThan(2)
    for (const line of examples) {
      const words = [...(line.split(' -- ')[1] ?? '').matchAll(/'([^']*)'|(\S+)/g)].map(
        ([, quoted, bare]) => quoted ?? bare ?? '',
      )
      expect(flagsOf(words), line).not.toHaveProperty('problems')
    }
  })
})
