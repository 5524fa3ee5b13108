/**
 * Feature flags at run time: what can be switched off in an incident to keep the rest alive. Each flag is a file of a folder (a ConfigMap
 * that is mounted), holding `on` or `off`; what is not there is on. The folder is read again each second, so that a change needs no
 * restart; a word that is neither leaves the flag as it was. `writes` is the freeze: off, nothing that moves money gets through, webhooks included.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Gauge } from 'prom-client'
import { platformMetrics } from '../../../wire/metrics.ts'
import type { Log } from '../../shared/log.ts'
import { repeat } from '../../shared/loop.ts'
import type { Service } from '../../shared/service.ts'

export const featureNames = ['promo-widget', 'deposits', 'bets', 'payouts', 'writes'] as const
export type FeatureName = (typeof featureNames)[number]
export type Features = Readonly<Record<FeatureName, boolean>>

const READ_EVERY_MS = 1_000
export const allOn: Features = { 'promo-widget': true, deposits: true, bets: true, payouts: true, writes: true }

/** The flags as the folder says, or as they were where it says nothing that is understood. */
export async function readFeatures(folder: string, before: Features, log: Log): Promise<Features> {
  const words = await Promise.all(featureNames.map(async (name) => [name, await wordIn(join(folder, name))] as const))
  const read = { ...before }
  for (const [name, word] of words) {
    if (word === 'on' || word === 'off' || word === undefined) read[name] = word !== 'off'
    else log.warn('a feature flag is neither on nor off and stays as it was', { feature: name, word })
  }
  return read
}

async function wordIn(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (thrown) {
    // A missing file is an answer. An unreadable one is not, so the flags stay as they were.
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined
    throw thrown
  }
}

/** `rereads` is off in a seeded defect: a flag is read at the start, and never again. */
export type FeaturePlace = { readonly folder: string; readonly rereads: boolean }

/** The flags of the moment. Without a folder all are on. */
export async function watchFeatures(service: Service, { folder, rereads }: FeaturePlace): Promise<() => Features> {
  let features = folder === '' ? allOn : await readFeatures(folder, allOn, service.log)
  gauge(service, () => features)
  service.alsoServesWith(() => features)
  if (folder === '' || !rereads) return () => features
  const loop = repeat(service.log, 'features', READ_EVERY_MS, async () => {
    const now = await readFeatures(folder, features, service.log)
    for (const name of featureNames)
      if (now[name] !== features[name]) service.log.info('feature switched', { feature: name, on: now[name] })
    features = now
  })
  service.onStop(loop.stop)
  return () => features
}

function gauge(service: Service, current: () => Features): void {
  new Gauge({
    name: platformMetrics.features,
    help: '1 where the feature is on in this pod.',
    labelNames: ['feature'],
    registers: [service.metrics.registry],
    collect() {
      for (const [feature, on] of Object.entries(current())) this.set({ feature }, on ? 1 : 0)
    },
  })
}
