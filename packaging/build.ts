/**
 * `npm run build` compiles the sources to dist/, with one bundle and the types of the library for scenarios, copies what is read at run time
 * (manifests, go.mod files, protocol definitions), and stages the lab's package in dist-lab/. A checkout runs without it.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { NODE_MIN_COMPILED } from '../src/cli/node.mjs'
import { labManifest, type Manifest } from './manifests.ts'

const TOP = join(import.meta.dirname, '..')
const at = (...parts: string[]) => join(TOP, ...parts)

export async function buildPackage(): Promise<void> {
  for (const folder of ['dist', 'dist-lab', 'schemas']) rmSync(at(folder), { recursive: true, force: true })
  compile('packaging/tsconfig.build.json')
  compile('packaging/tsconfig.types.json')
  nameCompiledFiles(at('dist/types'))
  await bundleK6Library()
  copyAssets()
  copySchemas()
  stageLabPackage()
}

/** The compiler is a native program, started by its package's own script. */
function compile(project: string): void {
  const tsc = at('node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '--project', at(project)], { stdio: 'inherit' })
}

/** The compiler rewrites imports of `./x.ts` in JavaScript only, not in declarations. */
function nameCompiledFiles(folder: string): void {
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((each) =>
    each.endsWith('.d.ts'),
  )) {
    const file = join(folder, path)
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/(from '\..+)\.ts'/g, "$1.js'"))
  }
}

/** One file, because k6 itself can load it too: `k6 run` resolves no packages but takes a path. */
async function bundleK6Library(): Promise<void> {
  await build({
    entryPoints: [at('scenarios/lib/k6.ts')],
    outfile: at('dist/k6.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['k6', 'k6/*'],
    logLevel: 'warning',
  })
}

/** Everything below src/ that is not TypeScript to be compiled. `.cts` files are read as text and compiled where they are used. */
function copyAssets(): void {
  for (const path of readdirSync(at('src'), { recursive: true, encoding: 'utf8' })) {
    if (!/\.(mjs|cts|proto|sh|yaml|mod|sum|go)$/.test(path)) continue
    const to = at('dist', path)
    mkdirSync(dirname(to), { recursive: true })
    cpSync(at('src', path), to)
  }
  // The reference platform's services are compiled like the rest.
  const workload = at('dist/platform/workload.yaml')
  writeFileSync(workload, readFileSync(workload, 'utf8').replaceAll('/main.ts', '/main.js'))
}

function copySchemas(): void {
  for (const path of readdirSync(at('docs'), { recursive: true, encoding: 'utf8' }))
    if (path.endsWith('.schema.json')) cpSync(at('docs', path), at('schemas', path))
}

function stageLabPackage(): void {
  const manifest: Manifest = JSON.parse(readFileSync(at('package.json'), 'utf8'))
  cpSync(at('dist'), at('dist-lab/dist'), { recursive: true })
  for (const name of ['LICENSE', 'NOTICE']) cpSync(at(name), at('dist-lab', name))
  const lab = labManifest(manifest, NODE_MIN_COMPILED)
  writeFileSync(at('dist-lab/package.json'), `${JSON.stringify(lab, undefined, 2)}\n`)
  writeFileSync(at('dist-lab/README.md'), `# ${lab.name}\n\n${lab.description}. Install it beside ${manifest.name}.\n`)
}
