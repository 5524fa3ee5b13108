/**
 * `open` and `import.meta.resolve` in a bundle. k6 runs a bundle as one file in the folder of the script. With `k6 run` a relative path of `open` counts
 * from the module whose top level runs at that moment, also where `open` stands in a function of another module; a path of `import.meta.resolve` counts
 * from the module that it stands in. So the first statement of each module notes its folder, and the last one takes the note back.
 */
import { dirname, relative } from 'node:path'
import type { Compilation, Compiler, javascript } from 'webpack'

const FOLDERS = 'globalThis.matchdayFolders'
const RESOLVE = 'globalThis.matchdayResolve'

/**
 * The first module of a bundle. Paths stay relative to the folder of the script, because in an archive k6 replaces the name of the user in absolute ones.
 */
const PRELUDE = (folder: string): string => `
${FOLDERS} = []
const given = globalThis.open
const scriptFolder = ${JSON.stringify(folder)}.split('/')
const partsOf = (path) => path.split('/').reduce((all, part) =>
  part === '.' ? all : part === '..' ? (all.length > 1 ? all.slice(0, -1) : all) : [...all, part], [])
const fromScript = (path) => {
  const to = partsOf(path)
  const common = scriptFolder.findIndex((part, index) => part !== to[index])
  const same = common < 0 ? scriptFolder.length : common
  return [...scriptFolder.slice(same).map(() => '..'), ...to.slice(same)].join('/')
}
globalThis.open = (file, ...mode) => {
  if (typeof file !== 'string' || file === '' || file.startsWith('/')) return given(file, ...mode)
  if (file.startsWith('file://')) return given(fromScript(file.slice(7)), ...mode)
  const folder = ${FOLDERS}[${FOLDERS}.length - 1]
  return given(folder ? folder + '/' + file : file, ...mode)
}
${RESOLVE} = (folder) => (path) => {
  if (/^[a-z]+:\\/\\//.test(path)) return path
  if (!/^\\.{0,2}\\//.test(path)) throw new Error('import.meta.resolve("' + path + '"): a path begins with ./, ../ or /')
  return 'file://' + partsOf(path.startsWith('/') ? path : folder + '/' + path).join('/')
}
`

/** As an entry of webpack. */
export const preludeFor = (script: string): string =>
  `data:text/javascript,${encodeURIComponent(PRELUDE(posix(dirname(script))))}`

/** A plugin of webpack for a script at an absolute path. */
export const foldersOfModules = (script: string) => (compiler: Compiler) => {
  const { ConstDependency } = compiler.webpack.dependencies
  compiler.hooks.compilation.tap('folders', (_: Compilation, { normalModuleFactory }) => {
    const each = (parser: javascript.JavascriptParser): void => {
      const replace = (text: string, range: number | [number, number]): void =>
        parser.state.module.addPresentationalDependency(new ConstDependency(text, range))
      parser.hooks.program.tap('folders', (program) => {
        const folder = folderOf(parser)
        if (folder === undefined) return
        const first = program.body.find((statement) => !('directive' in statement && statement.directive))
        const last = program.body.at(-1)
        if (!first?.range || !last?.range) return
        replace(`${FOLDERS}.push(${JSON.stringify(posix(relative(dirname(script), folder)))});`, first.range[0])
        replace(`;${FOLDERS}.pop();`, last.range[1])
      })
      const resolved = (range: [number, number]): true => {
        replace(`${RESOLVE}(${JSON.stringify(posix(folderOf(parser) ?? dirname(script)))})`, range)
        return true
      }
      // Before webpack's own answer, which takes the file into the bundle as an asset.
      const early = { name: 'folders', stage: -1000 }
      parser.hooks.expression.for('import.meta.resolve').tap(early, ({ range }) => range && resolved(range))
      parser.hooks.call.for('import.meta.resolve').tap(early, (call) => {
        if (call.type !== 'CallExpression' || !call.callee.range) return undefined
        parser.walkExpressions(call.arguments)
        return resolved(call.callee.range)
      })
    }
    for (const kind of ['javascript/auto', 'javascript/esm', 'javascript/dynamic'] as const)
      normalModuleFactory.hooks.parser.for(kind).tap('folders', each)
  })
}

/** Undefined for what is no file, as the prelude. */
function folderOf(parser: javascript.JavascriptParser): string | undefined {
  const file = parser.state.module.nameForCondition()
  return file?.startsWith('/') ? dirname(file) : undefined
}

const posix = (path: string): string => path.replaceAll('\\', '/')
