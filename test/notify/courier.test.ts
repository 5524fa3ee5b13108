import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { instant } from '../../src/domain/units.ts'
import { createCourier, type Pace } from '../../src/notify/courier.ts'
import { cursorIn, openCursor } from '../../src/notify/cursor.ts'
import type { NotificationForm } from '../../src/notify/forms.ts'
import type { Notification } from '../../src/notify/notifications.ts'
import { type Answer, type Receiver, receiver } from '../support/receiver.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** A receiver on a busy machine may take seconds; only one test wants a short limit. */
const pace: Pace = { timeoutMs: 10_000, pauseMs: 20, pauseMostMs: 100, chatMs: 60 }
const notification = (line: number): Notification => ({
  id: `run-1/${line === Number.POSITIVE_INFINITY ? 'verdict' : line}`,
  line,
  kind: 'injected',
  at: instant(1_790_000_000_000),
  run: 'run-1',
  rehearsal: 'stock',
  context: 'lab',
  sentence: `line ${line}`,
  data: {},
})

function courierTo(
  { url }: Receiver,
  folder = tempFolder(),
  form: NotificationForm = 'cloudevents',
  changed: Partial<Pace> = {},
) {
  const courier = createCourier([{ form, url: new URL(url) }], openCursor(folder, [form]), { ...pace, ...changed })
  return { folder, ...courier }
}

const refusing =
  (times: number, answer: Answer = { status: 503 }) =>
  (n: number): Answer =>
    n < times ? answer : { status: 204 }

describe('notifications', () => {
  it('arrive in order, and the cursor advances', async () => {
    const place = await receiver()
    const courier = courierTo(place)
    for (const line of [1, 5, 9]) courier.add(notification(line))
    expect(await courier.settle(10_000)).toEqual([{ form: 'cloudevents', sent: 3, outstanding: 0 }])
    expect(place.accepted()).toEqual(['run-1/1', 'run-1/5', 'run-1/9'])
    expect(cursorIn(courier.folder)?.of('cloudevents')).toEqual({ line: 9, verdict: false })
  })

  it.each<[string, (n: number) => Answer]>([
    ['refuses', refusing(3)],
    ['fails', refusing(2, { status: 500 })],
    ['is too slow', refusing(1, { status: 204, afterMs: 600 })],
    ['redirects, which is not followed', refusing(2, { status: 307, headers: { location: '/elsewhere' } })],
  ])('arrive in order and with the same ids at a receiver that %s and comes back', async (_, how) => {
    const place = await receiver(how)
    const courier = courierTo(place, tempFolder(), 'cloudevents', { timeoutMs: 300 })
    for (const line of [1, 5]) courier.add(notification(line))
    const [left] = await courier.settle(8000)
    expect(left).toMatchObject({ sent: 2, outstanding: 0 })
    expect(left?.problem).toBeUndefined()
    expect([...new Set(place.accepted())]).toEqual(['run-1/1', 'run-1/5'])
  })

  it('arrive at a receiver that was down', async () => {
    const place = await receiver()
    await place.down()
    const courier = courierTo(place)
    courier.add(notification(1))
    await new Promise((resolve) => setTimeout(resolve, 100))
    await place.up()
    expect(await courier.settle(10_000)).toMatchObject([{ sent: 1, outstanding: 0 }])
  })

  it('wait for a receiver up to the limit, and give the reason without its address', async () => {
    const place = await receiver(() => ({ status: 404 }))
    const courier = courierTo(place)
    for (const line of [1, 5]) courier.add(notification(line))
    const began = performance.now()
    const left = await courier.settle(300)
    expect(performance.now() - began).toBeLessThan(1500)
    expect(left).toEqual([{ form: 'cloudevents', sent: 0, outstanding: 2, problem: 'answered 404' }])
    await place.down()
    const again = courierTo(place)
    again.add(notification(1))
    expect(JSON.stringify(await again.settle(100))).not.toMatch(/s3cret|127\.0\.0\.1/)
  })

  it('wait as long as the receiver asks for, also at the end', async () => {
    const place = await receiver(refusing(1, { status: 429, headers: { 'retry-after': '1' } }))
    const courier = courierTo(place)
    courier.add(notification(1))
    await expect.poll(() => place.received.length).toBe(1)
    const began = performance.now()
    expect(await courier.settle(10_000)).toMatchObject([{ sent: 1 }])
    expect(performance.now() - began).toBeGreaterThan(700)
  })

  it('are not sent any more to a webhook that is gone', async () => {
    const place = await receiver(() => ({ status: 410 }))
    const courier = courierTo(place)
    courier.add(notification(1))
    await expect.poll(() => place.received.length).toBe(1)
    courier.add(notification(5))
    expect(await courier.settle(300)).toMatchObject([{ sent: 0, outstanding: 2, problem: 'answered 410' }])
    expect(place.received.length).toBe(1)
  })

  it('to a webhook that is down do not delay those to another', async () => {
    const [up, down] = [await receiver(), await receiver()]
    await down.down()
    const folder = tempFolder()
    const webhooks = [
      { form: 'slack', url: new URL(down.url) },
      { form: 'cloudevents', url: new URL(up.url) },
    ] as const
    const courier = createCourier(webhooks, openCursor(folder, ['slack', 'cloudevents']), pace)
    courier.add(notification(1))
    await expect.poll(() => up.accepted()).toEqual(['run-1/1'])
    expect(await courier.settle(200)).toMatchObject([{ outstanding: 1, problem: 'ECONNREFUSED' }, { outstanding: 0 }])
  })

  it('to a chat are sent with a pause between them', async () => {
    const place = await receiver()
    const courier = courierTo(place, tempFolder(), 'slack', { chatMs: 300 })
    const began = performance.now()
    for (const line of [1, 5]) courier.add(notification(line))
    expect(await courier.settle(10_000)).toMatchObject([{ sent: 2 }])
    expect(performance.now() - began).toBeGreaterThan(290)
  })
})

describe('the cursor', () => {
  it('prevents that delivered notifications are sent again, the verdict too', async () => {
    const place = await receiver()
    const { folder, add, settle } = courierTo(place)
    for (const line of [1, 5, Number.POSITIVE_INFINITY]) add(notification(line))
    await settle(10_000)
    const again = courierTo(place, folder)
    for (const line of [1, 5, 9, Number.POSITIVE_INFINITY]) again.add(notification(line))
    expect(await again.settle(10_000)).toMatchObject([{ sent: 1 }])
    expect(place.accepted()).toEqual(['run-1/1', 'run-1/5', 'run-1/verdict', 'run-1/9'])
  })

  it('that is damaged starts again, because twice is better than never', async () => {
    const place = await receiver()
    const folder = tempFolder()
    writeFileSync(join(folder, 'notifications.json'), '{"format":1,"reached":{"cloudevents":{"line":"x"')
    const courier = courierTo(place, folder)
    courier.add(notification(1))
    expect(await courier.settle(10_000)).toMatchObject([{ sent: 1 }])
  })

  it('holds no address', async () => {
    const place = await receiver()
    const { folder } = courierTo(place)
    expect(readFileSync(join(folder, 'notifications.json'), 'utf8')).toBe(
      '{"format":1,"reached":{"cloudevents":{"line":0,"verdict":false}}}\n',
    )
  })

  it('does not exist if nothing was ever sent', () => {
    expect(cursorIn(tempFolder())).toBeUndefined()
  })
})
