// The promo peak as one would write it by hand: the same requests at the same rates, measured by k6's own metrics and checks.
import { check } from 'k6'
import exec from 'k6/execution'
import http from 'k6/http'

const { ENTRY, RATE, VUS, SECONDS } = __ENV
const profile = (name) => ({
  executor: 'constant-arrival-rate',
  exec: name,
  rate: Number(RATE),
  duration: `${SECONDS}s`,
  preAllocatedVUs: Number(VUS),
  maxVUs: Number(VUS),
})

export const options = {
  scenarios: { login: profile('login'), deposit: profile('deposit'), bet: profile('bet') },
  thresholds: { checks: ['rate>0.999'], http_req_duration: ['p(95)<250'] },
}

const json = { 'Content-Type': 'application/json' }
const player = () => `player-${String(exec.scenario.iterationInTest % 20000).padStart(6, '0')}`

export function login() {
  const answer = http.post(`${ENTRY}/login`, JSON.stringify({ player: player(), password: 'matchday' }), {
    headers: json,
    timeout: '2s',
    tags: { name: 'login' },
  })
  check(answer, { 'logged in': ({ status }) => status === 200 })
}

function order(path, name, body) {
  const key = `bare.${name}.${exec.scenario.iterationInTest}`
  const headers = { ...json, Authorization: `Bearer t-${player()}`, 'Idempotency-Key': key }
  const answer = http.post(ENTRY + path, JSON.stringify(body), { headers, timeout: '2s', tags: { name } })
  check(answer, { accepted: ({ status }) => status === 201 })
}

export const deposit = () => order('/deposits', 'deposit', { amountCents: 2500, currency: 'EUR' })
export const bet = () => order('/bets', 'bet', { stakeCents: 500, selection: 'home', odds: 1.85 })
