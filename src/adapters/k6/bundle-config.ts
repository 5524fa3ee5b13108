/**
 * How a k6 scenario becomes one JavaScript file. `webpack.config.js` uses it for `npx webpack`, `bundle.ts` for every run. k6 could
 * load the TypeScript itself, but its compiler loops for ever over some syntax in a .ts file and reports the same in a .js at once.
 */
import { createRequire } from 'node:module'
import type { Configuration } from 'webpack'

const require = createRequire(import.meta.url)

/** Raise it when the configuration changes what comes out, so that cached bundles are made anew. */
export const BUNDLE_FORMAT = 1

export const scenarioBundle = (entry: string, folder: string, filename: string): Configuration => ({
  name: 'scenario',
  mode: 'production',
  entry,
  // k6's JavaScript engine has no DOM and no Node; es2017 also lowers async generators, which it does not parse.
  target: ['web', 'es2017'],
  output: { path: folder, filename, libraryTarget: 'commonjs' },
  // Anchored at both ends: a path that merely holds "k6", or a package such as k6-junit, is bundled.
  externals: /^(k6(\/.*)?|https?:\/\/.*)$/,
  resolve: { extensions: ['.ts', '.js'] },
  module: {
    rules: [
      {
        test: /\.[jt]s$/,
        loader: require.resolve('esbuild-loader'),
        options: { target: 'es2017', tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } } },
      },
    ],
  },
  // Readable stack traces; k6 reads an inline map, and looks for an external one in the wrong place.
  devtool: 'inline-source-map',
  optimization: { minimize: false },
  performance: { hints: false },
})
