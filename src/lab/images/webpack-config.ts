import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import webpack, { type Configuration } from 'webpack'

// Optional packages: their users work without them.
const OPTIONAL = /^(pg-native|bufferutil|utf-8-validate|pg-cloudflare)$/

/** One file for each entry, with everything it imports, for the Node version that runs this. */
export function serviceConfiguration(entries: Readonly<Record<string, string>>, outputFolder: string): Configuration {
  return {
    name: 'services',
    // The optimisations of production mode triple the build time and do not help a server.
    mode: 'none',
    target: `node${process.versions.node.split('.').slice(0, 2).join('.')}`,
    entry: { ...entries },
    // By path in the project, not numbered: a bundle must not depend on what else is built, or from which folder.
    context: PROJECT,
    optimization: { moduleIds: 'named', chunkIds: 'named' },
    output: { path: outputFolder, filename: '[name].cjs', library: { type: 'commonjs2' } },
    // The project's own packages, also for services of the user outside the project.
    resolve: {
      extensions: ['.ts', '.js', '.mjs', '.json'],
      modules: ['node_modules', ...packageFolders],
      extensionAlias: { '.js': ['.ts', '.js'] },
    },
    resolveLoader: { modules: ['node_modules', ...packageFolders] },
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

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url))

/** Where Node looks for the packages that this file imports: npm may install them beside ours or above. */
const packageFolders = createRequire(import.meta.url).resolve.paths('any') ?? []
