import { describe, expect } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import type { FaultSpec } from '../../../src/domain/rehearsal.ts'
import { evidence, mapped, rehearsal, type Story, scrapes, toBad } from '../../support/evidence.ts'
import { withObject } from '../../support/faults.ts'
import { causesOf, sentenceOf, shown } from '../../support/judged.ts'
import { it, judge } from '../../support/reviewed.ts'

describe('calls to a dead provider', () => {
  const vain = (perSecond: number, outcome = 'unknown', pod = 'payments-api-2'): Evidence[] =>
    scrapes('payments-api', pod, 'payments_charges_total', (s) => Math.max(0, Math.min(s, 90) - 65) * perSecond, {
      psp: 'psp-a',
      outcome,
    })

  it.each(['unknown', 'error'])('that go on and end as %s are breaker-missing', (outcome) => {
    const judgment = shown(vain(50, outcome))
    expect(causesOf(judgment)).toEqual(['breaker-missing'])
    expect(sentenceOf(judgment, 'breaker-missing')).toBe(
      'Calls to psp-a kept failing at 50.0/s (payments_charges_total) from 10.0 s after psp-a down on; 54.2/s were made before it.',
    )
  })

  it('that are too few to have a rate are no finding', () => {
    const rare: Story['approved'] = (s) => (s > 65.4 && s <= 90 ? { a: 0, b: 1 } : { a: 1, b: 0 })
    expect(causesOf(shown(vain(0.4), { approved: rare }))).not.toContain('breaker-missing')
    expect(causesOf(shown(vain(1), { approved: rare }))).toContain('breaker-missing')
  })

  it('that are occasional probes of a half-open breaker are no finding', () => {
    expect(causesOf(shown(vain(3)))).toEqual([])
    expect(causesOf(shown(vain(50, 'open')))).toEqual([])
  })

  it('that are few because they wait for slots are breaker-missing, unless most are rejected early', () => {
    expect(causesOf(shown(vain(8)))).toEqual(['breaker-missing'])
    expect(causesOf(shown([...vain(8), ...vain(50, 'open', 'payments-api-3')]))).toEqual([])
  })

  it('are no finding when some are approved', () => {
    const flaky: Story['approved'] = (s) =>
      s > 65.4 && s <= 90 ? { a: 25, b: 30 } : { a: s < 25 || s > 130 ? 22 : 55, b: 0 }
    expect(causesOf(shown(vain(30, 'error'), { approved: flaky }))).not.toContain('breaker-missing')
  })
})

describe('clients of a slow dependency', () => {
  const waits =
    (share: number, reason = 'timeout'): Story['load'] =>
    (second, load) => {
      if (second > 66 && second < 90) toBad(load.bet, Math.round(load.bet.good * share), reason)
    }
  const slo = (cause: string) => !cause.startsWith('slo') && !cause.startsWith('ledger') && !cause.startsWith('unrec')

  it('that give up waiting are time-out-missing', () => {
    const judgment = shown([], { load: waits(0.5) })
    expect(causesOf(judgment).filter(slo)).toContain('time-out-missing')
    expect(sentenceOf(judgment, 'time-out-missing')).toMatch(
      /^During psp-a down clients waited until they gave up: \d+ of \d+ bets \(\d\d/,
    )
  })

  it('are time-out-missing where calls to the provider never end, even if clients get an answer', () => {
    const frozen: Story['approved'] = (s) => (s > 65.4 && s <= 90 ? { a: 0, b: 0 } : { a: 55, b: 0 })
    const judgment = shown([], { approved: frozen })
    expect(causesOf(judgment)).toContain('time-out-missing')
    expect(sentenceOf(judgment, 'time-out-missing')).toMatch(
      /^During psp-a down calls to psp-a and psp-b no longer ended/,
    )
  })

  it('are no finding where the calls end without success', () => {
    const ended = scrapes(
      'payments-api',
      'payments-api-2',
      'payments_charges_total',
      (s) => Math.max(0, Math.min(s, 90) - 65) * 10,
      { psp: 'psp-a', outcome: 'unknown' },
    )
    const frozen: Story['approved'] = (s) => (s > 65.4 && s <= 90 ? { a: 0, b: 0 } : { a: 55, b: 0 })
    expect(causesOf(shown(ended, { approved: frozen }))).not.toContain('time-out-missing')
  })

  it.each<[string, Story['load']]>([
    ['are answered with errors in time', waits(0.5, 'http-503')],
    ['give up now and then', waits(0.02)],
    ['gave up before the fault', (s, load) => s > 40 && s < 60 && toBad(load.bet, 9, 'timeout')],
  ])('that %s are no finding', (_, load) => {
    expect(causesOf(shown([], { load }))).not.toContain('time-out-missing')
  })

  it('are no finding where a fault kills pods, because no timeout helps there', () => {
    const kill = (fault: FaultSpec): FaultSpec =>
      withObject(fault, { ...fault.object, kind: 'PodChaos', spec: { action: 'pod-kill', mode: 'all' } })
    const killing = { ...rehearsal, faults: rehearsal.faults.map(kill) }
    expect(causesOf(shown([], { rehearsal: killing, load: waits(0.5) }))).not.toContain('time-out-missing')
  })
})

describe('a backlog', () => {
  const backlog = (value: (second: number) => number) =>
    shown(scrapes('wallet', 'wallet-1', 'wallet_payouts_pending', value))

  it('that grows to the end of the load is a finding', () => {
    const judgment = backlog((s) => s * 3)
    expect(causesOf(judgment)).toEqual(['backlog-growing'])
    expect(sentenceOf(judgment, 'backlog-growing')).toMatch(
      /^wallet\/wallet_payouts_pending still grew at the end of the load: never below 37\d in the first half of recovery and never below 42\d in the second\.$/,
    )
  })

  it.each<[string, (second: number) => number]>([
    ['is worked off in the end', (s) => (s < 130 ? s * 3 : Math.max(0, 390 - (s - 130) * 30))],
    ['stays constant', () => 50],
    ['goes up and down', (s) => (s % 10) * 30],
    ['is small', (s) => s / 10],
  ])('that %s is no finding', (_, value) => {
    expect(causesOf(backlog(value))).toEqual([])
  })

  it('is the largest value of the replicas, because each shows the whole', () => {
    const halves = [1, 2, 3].flatMap((n) => scrapes('wallet', `wallet-${n}`, 'wallet_outbox_lag', () => 12))
    expect(causesOf(shown(halves))).toEqual([])
  })
})

describe('a forgery', () => {
  const forged = (reason: string, bad: number) =>
    judge(
      mapped(evidence(), 'load-frame', (frame) => ({
        ...frame,
        slis: {
          ...frame.slis,
          'forged-webhook': {
            good: 50,
            bad,
            badBy: bad > 0 ? { [reason]: bad } : {},
            slow: 0,
            overCeiling: 0,
            histogram: [],
          },
        },
      })),
    )

  it.each(['accepted', 'http-200', '201'])('that is answered with %s was accepted', (reason) => {
    const judgment = forged(reason, 1)
    expect(causesOf(judgment)).toEqual(['forgery-accepted'])
    expect(sentenceOf(judgment, 'forgery-accepted')).toBe(
      '1 of 51 attempts of forged-webhook were taken although they must be refused.',
    )
  })

  it.each(['timeout', 'http-500', 'http-404'])('that ended in %s was not accepted', (reason) => {
    expect(causesOf(forged(reason, 3))).toEqual([])
  })

  it('that is refused is no finding', () => {
    expect(causesOf(forged('accepted', 0))).toEqual([])
  })
})
