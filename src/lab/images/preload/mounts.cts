// Loaded with `--require` into every Node process of a pod that mounts something. A container of the lab has no file system of its own: its
// volumes are links below MATCHDAY_ROOT. This preload maps mounted paths there in every function of node:fs that takes a path, so that
// programs read /etc/config/app.yaml as in a cluster. Module loaders and native code do not go through it.
const fs = require('node:fs')
const { posix } = require('node:path')
const { fileURLToPath } = require('node:url')

const root: string = process.env.MATCHDAY_ROOT ?? ''
const mounts: string[] = (process.env.MATCHDAY_MOUNTS ?? '').split('\n').filter((path: string) => path !== '')

function map(path: unknown): unknown {
  const text = path instanceof URL && path.protocol === 'file:' ? fileURLToPath(path) : path
  if (typeof text !== 'string' || !text.startsWith('/')) return path
  const full = posix.normalize(text)
  return mounts.some((mount) => full === mount || full.startsWith(`${mount}/`)) ? root + full : path
}

// The number of leading arguments that are paths.
const ONE = [
  'access', 'appendFile', 'chmod', 'chown', 'createReadStream', 'createWriteStream', 'exists', 'lchown', 'lstat', 'lutimes', 'mkdir',
  'mkdtemp', 'open', 'openAsBlob', 'opendir', 'readFile', 'readdir', 'readlink', 'realpath', 'rm', 'rmdir', 'stat', 'statfs', 'truncate',
  'unlink', 'unwatchFile', 'utimes', 'watch', 'watchFile', 'writeFile',
]
const TWO = ['copyFile', 'cp', 'link', 'rename', 'symlink']

type Functions = Record<string, unknown>

function patch(functions: Functions, names: readonly string[], paths: number): void {
  for (const name of names) {
    const original = functions[name]
    if (typeof original !== 'function') continue
    const mapped = function (this: unknown, ...args: unknown[]) {
      for (let position = 0; position < paths; position++) args[position] = map(args[position])
      return Reflect.apply(original, this, args)
    }
    // util.promisify(fs.exists) and fs.realpath.native are properties of the original function.
    functions[name] = Object.defineProperties(mapped, Object.getOwnPropertyDescriptors(original))
  }
}

if (root !== '' && mounts.length > 0) {
  for (const functions of [fs, fs.promises]) {
    patch(functions, ONE, 1)
    patch(functions, TWO, 2)
  }
  patch(fs, ONE.map((name) => `${name}Sync`), 1)
  patch(fs, TWO.map((name) => `${name}Sync`), 2)
}
