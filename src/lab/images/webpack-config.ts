import { fileURLToPath } from 'node:url'
import webpack, { type Configuration } from 'webpack'

// Packages that others load only when they are there, and do without when not.
const OPTIONAL = /^(pg-native|bufferutil|utf-8-validate|pg-cloudflare)$/

/** One file for each entry, with everything it imports, for the Node that runs this: what a container of the lab is made of. */
export function serviceConfiguration(entries: Readonly<Record<string, string>>, outputFolder: string): Configuration {
  return {
    name: 'services',
    // What production mode adds (joining modules, following exports) triples the time and gains a server nothing.
    mode: 'none',
    target: `node${process.versions.node.split('.').slice(0, 2).join('.')}`,
    entry: { ...entries },
    output: { path: outputFolder, filename: '[name].cjs', library: { type: 'commonjs2' } },
    // The project's own packages, also for a user's services that lie elsewhere.
    resolve: {
      extensions: ['.ts', '.js', '.mjs', '.json'],
      modules: ['node_modules', packageFolder],
      extensionAlias: { '.js': ['.ts', '.js'] },
    },
    resolveLoader: { modules: ['node_modules', packageFolder] },
    module: {
      rules: [{ test: /\.[cm]?ts$/, loader: 'esbuild-loader', options: { target: 'node20' } }],
      parser: { javascript: { importMeta: false } },
    },
    plugins: [new webpack.IgnorePlugin({ resourceRegExp: OPTIONAL })],
    performance: { hints: false },
    devtool: false,
    stats: 'errors-warnings',
  }
}

const packageFolder = fileURLToPath(new URL('../../../node_modules', import.meta.url))
