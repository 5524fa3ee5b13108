/**
 * The reference iGaming platform: services (`services/<name>/main.ts`, code they share in `shared/`) and the Kubernetes
 * manifests that run them (`manifests/base` for any cluster, `manifests/lab` scaled to two cores). It knows nothing of who
 * rehearses it. This table names its images: each is one bundled file run by Node 24.
 */

export type PlatformImage = {
  /** Name as in the manifests, without tag or digest. */
  readonly name: string
  /** Entry file, relative to the project's root. */
  readonly entry: string
}

const imageOf = (service: string): PlatformImage => ({
  name: `casino/${service}`,
  entry: `src/platform/services/${service}/main.ts`,
})

export const platformImages: readonly PlatformImage[] = [
  'gateway',
  'wallet',
  'payments-api',
  'bets',
  'realtime',
  'psp',
  'game-provider',
].map(imageOf)

/** Packages that a bundler must leave out: `pg` looks for its native binding and does without. */
export const bundleExternals: readonly string[] = ['pg-native']
