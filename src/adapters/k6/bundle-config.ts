/**
 * How a k6 scenario becomes one JavaScript file. `webpack.config.js` uses it for `npx webpack`, `bundle.ts` for every run. k6 can load TypeScript
 * itself, but its compiler hangs on some syntax errors in .ts files that it reports at once in .js files.
 */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Compiler, Configuration } from 'webpack'
import { foldersOfModules, preludeFor } from './bundle-paths.ts'

const require = createRequire(import.meta.url)

/** Increase it when a change of the configuration changes the output, so that cached bundles are rebuilt. */
export const BUNDLE_FORMAT = 4

/** The library for scenarios is the one of the running program, also for a script in whose folder no package is installed. */
export const K6_LIBRARY = '@matchday-dev/matchday/k6'
const k6Library = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../../scenarios/lib/k6.ts' : '../../k6.js', import.meta.url),
)

/** `entry` is absolute. */
export const scenarioBundle = (entry: string, folder: string, filename: string): Configuration => ({
  name: 'scenario',
  mode: 'production',
  entry: [preludeFor(entry), entry],
  // k6's JavaScript engine has no DOM and no Node; es2017 also lowers async generators, which it does not parse.
  target: ['web', 'es2017'],
  output: {
    path: folder,
    filename,
    libraryTarget: 'commonjs',
    devtoolModuleFilenameTemplate: '[absolute-resource-path]',
  },
  // Anchored at both ends: a path that merely holds "k6", or a package such as k6-junit, is bundled.
  externals: /^(k6(\/.*)?|https?:\/\/.*)$/,
  resolve: { extensions: ['.ts', '.js'], alias: { [`${K6_LIBRARY}$`]: k6Library } },
  module: {
    rules: [
      {
        test: /\.[jt]s$/,
        loader: require.resolve('esbuild-loader'),
        options: {
          target: 'es2017',
          // Left for the plugin.
          supported: { 'import-meta': true },
          tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
        },
      },
    ],
  },
  // Readable stack traces; k6 reads an inline map, and looks for an external one in the wrong place.
  devtool: 'inline-source-map',
  plugins: [foldersOfModules(entry), readableMap],
  optimization: { minimize: false },
  performance: { hints: false },
})

/**
 * k6 wraps the file in a function, which adds a line. It corrects an inline source map for that only if the map's URL starts with exactly
 * "application/json;base64,", but webpack inserts a charset. Without this fix every line in a stack trace is off by one.
 */
function readableMap(compiler: Compiler): void {
  const { Compilation, sources } = compiler.webpack
  compiler.hooks.compilation.tap('readable-map', (compilation) => {
    const stage = Compilation.PROCESS_ASSETS_STAGE_DEV_TOOLING + 1
    compilation.hooks.processAssets.tap({ name: 'readable-map', stage }, (assets) => {
      for (const name of Object.keys(assets)) {
        compilation.updateAsset(name, (asset) => {
          const text = asset.source().toString()
          const at = text.lastIndexOf('//# sourceMappingURL=')
          return new sources.RawSource(text.slice(0, at) + text.slice(at).replace(';charset=utf-8', ''))
        })
      }
    })
  })
}
