import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { isRunning } from '../../src/toolchain/build-lock.ts'
import { bytesBelow } from '../../src/toolchain/disk.ts'
import {
  type ResolveOptions,
  resolveTool,
  type ToolchainError,
  type ToolProgress,
} from '../../src/toolchain/toolchain.ts'
import { type Bench, makeBench, printing, putProgram, writeModule, writeTestModule } from './tiny-module.ts'

/** Go is on the PATH as on this machine; k6 and the like are not, unless the test puts them into `bin`. */
const goFolder =
  (process.env.PATH ?? '').split(':').find((folder) => existsSync(join(folder, 'go'))) ?? '/usr/local/go/bin'
/** This machine's environment, without programs that its user has chosen, and with a cache of Go that has the standard library compiled after one test. */
const plainEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MATCHDAY_'))),
  GOCACHE: process.env.GOCACHE || join(homedir(), '.cache', 'go-build'),
}
const options = (at: Bench, more: Partial<ResolveOptions> = {}): ResolveOptions => ({
  cacheDirectory: at.cacheDirectory,
  goModules: at.goModules,
  env: { ...plainEnv, PATH: `${at.bin}:${goFolder}` },
  ...more,
})
const failure = (promise: Promise<unknown>): Promise<ToolchainError> =>
  promise.then(
    () => expect.fail('it should have been refused'),
    (error) => error,
  )

describe('a program that is there already', { timeout: 60_000 }, () => {
  it('is used from the path that the user gives, whatever its version', async () => {
    const at = makeBench()
    const path = putProgram(at.root, 'my-k6', 'k6 v9.9.9')
    const found = await resolveTool('k6', options(at, { given: { k6: path } }))
    expect(found).toEqual({ name: 'k6', path, version: '9.9.9', source: 'given' })
  })

  it('is used from its environment variable, and a flag overrides that', async () => {
    const at = makeBench()
    const [flag, variable] = [
      putProgram(at.root, 'a', 'Kubernetes v1.37.0'),
      putProgram(at.root, 'b', 'Kubernetes v1.36.0'),
    ]
    const env = { ...plainEnv, MATCHDAY_KUBE_SCHEDULER: variable }
    expect((await resolveTool('kube-scheduler', { env })).path).toBe(variable)
    expect((await resolveTool('kube-scheduler', { env, given: { 'kube-scheduler': flag } })).path).toBe(flag)
  })

  it.each([
    ['says something else', (at: Bench) => putProgram(at.root, 'ls', 'ls (GNU coreutils) 9.4')],
    ['does not exist', (at: Bench) => join(at.root, 'nothing')],
    ['may not be executed', (at: Bench) => unexecutable(at)],
    ['is a folder', (at: Bench) => at.root],
  ])('is refused when the user names one that %s', async (_, make) => {
    const at = makeBench()
    const path = make(at)
    const error = await failure(resolveTool('k6', options(at, { given: { k6: path } })))
    expect(error).toMatchObject({ name: 'ToolchainError', code: 'tool-unusable' })
    expect(error.message).toContain(path)
    expect(error.next).toContain('MATCHDAY_K6')
  })

  it('is used from the PATH if it is of the pinned minor release', async () => {
    const at = makeBench()
    const path = putProgram(at.bin, 'k6', 'k6 v2.2.7 (commit/abc, linux/amd64)')
    expect(await resolveTool('k6', options(at))).toEqual({ name: 'k6', path, version: '2.2.7', source: 'path' })
  })

  it.each(['k6 v2.3.0', 'k6 v1.2.0', 'k6 v22.2.0', 'nonsense'])(
    'is left alone on the PATH when it says %s',
    async (line) => {
      const at = makeBench()
      putProgram(at.bin, 'k6', line)
      expect((await resolveTool('k6', options(at))).source).toBe('built')
    },
  )

  it('is never a kubelet from the PATH, because only the build of the project runs without privileges', async () => {
    const at = makeBench()
    putProgram(at.bin, 'kubelet', 'Kubernetes v1.37.2')
    // No Kubernetes module in this bench, so looking further than the PATH ends with a missing file.
    await expect(resolveTool('kubelet', options(at))).rejects.toThrow(/go\.mod/)
  })
})

// Real builds, on a machine that may have other things to do.
describe('a program that has to be built', { timeout: 60_000 }, () => {
  it('is built once, verified, and then found in the cache, also without go', async () => {
    const at = makeBench()
    const seen: ToolProgress[] = []
    const built = await resolveTool('k6', options(at, { onProgress: (progress) => seen.push(progress) }))
    expect(built).toMatchObject({ source: 'built', version: '2.2.0' })
    expect(seen.map((progress) => progress.kind)).toEqual(expect.arrayContaining(['building', 'built', 'found']))
    const again = await resolveTool('k6', options(at, { env: { PATH: at.bin } }))
    expect(again).toEqual({ ...built, source: 'cache' })
  })

  it('may be the test of a package', async () => {
    const at = makeBench()
    writeTestModule(at)
    const built = await resolveTool('critest', options(at))
    expect(built).toMatchObject({ source: 'built', version: '1.36.0' })
    expect((await resolveTool('critest', options(at, { env: { PATH: at.bin } }))).source).toBe('cache')
  })

  it('leaves only the program and its receipt', async () => {
    const at = makeBench()
    const { path } = await resolveTool('k6', options(at))
    expect(readdirSync(dirname(path)).sort()).toEqual(['k6', 'verified.json'])
    expect(readdirSync(join(at.cacheDirectory, 'work'))).toEqual([])
    expect(existsSync(join(at.cacheDirectory, 'build.lock'))).toBe(false)
  })

  it('is built again when the cached one is damaged', async () => {
    const at = makeBench()
    const { path } = await resolveTool('k6', options(at))
    expect(path.startsWith(at.root)).toBe(true) // it is about to be broken
    truncateSync(path, 1_000)
    expect((await resolveTool('k6', options(at))).source).toBe('built')
    expect(readFileSync(path).length).toBeGreaterThan(1_000)
  })

  it('is built again in another folder when an input changed', async () => {
    const at = makeBench()
    const before = await resolveTool('k6', options(at))
    writeFileSync(join(at.goModules, 'k6', 'go.sum'), '\n')
    const after = await resolveTool('k6', options(at))
    expect(after.source).toBe('built')
    expect(after.path).not.toBe(before.path)
    expect(existsSync(before.path)).toBe(true)
  })

  it('is not kept if it reports another version', async () => {
    const at = makeBench('2.1.0')
    const error = await failure(resolveTool('k6', options(at)))
    expect(error).toMatchObject({ code: 'build-unusable' })
    expect(error.message).toContain('it says 2.1.0')
    expect(keptFiles(at)).toEqual([])
  })

  it('leaves no program when the build is interrupted, and go ends too', async () => {
    const at = makeBench()
    const pidFile = putHangingGo(at)
    const stop = new AbortController()
    const resolving = resolveTool('k6', options(at, { signal: stop.signal }))
    const pid = await contentOf(pidFile)
    expect(keptFiles(at)).toHaveLength(1) // the half
    stop.abort(new Error('Ctrl-C'))
    await expect(resolving).rejects.toThrow('Ctrl-C')
    expect(keptFiles(at)).toEqual([])
    expect(existsSync(join(at.cacheDirectory, 'build.lock'))).toBe(false)
    expect(isRunning(Number(pid))).toBe(false)
  })

  it('leaves no program when the build is killed, and the next process cleans up and builds it', async () => {
    const at = makeBench()
    const pidFile = putHangingGo(at)
    const builder = resolveInAnotherProcess(at)
    const pid = await contentOf(pidFile)
    builder.kill('SIGKILL')
    await once(builder, 'exit')
    process.kill(-Number(pid), 'SIGKILL')
    rmSync(join(at.bin, 'go'))
    const { path, source } = await resolveTool('k6', options(at))
    expect(source).toBe('built')
    expect(readdirSync(dirname(path)).sort()).toEqual(['k6', 'verified.json'])
    expect(readdirSync(join(at.cacheDirectory, 'work'))).toEqual([])
  })

  it('is built once when two processes ask at the same time', async () => {
    const at = makeBench()
    const both = [resolveInAnotherProcess(at), resolveInAnotherProcess(at)]
    const lines = await Promise.all(both.map((child) => new Response(Readable.toWeb(child.stdout)).text()))
    expect(lines.map((text) => JSON.parse(text).version)).toEqual(['2.2.0', '2.2.0'])
    expect(new Set(lines.map((text) => JSON.parse(text).path)).size).toBe(1)
    expect(lines.join().match(/"compiled":true/g)).toHaveLength(1)
  })
})

describe('the go that builds', () => {
  const own = (at: Bench) => join(dirname(at.cacheDirectory), 'go-build')
  it.each([
    ["matchday's own cache, and collects garbage less often", {}, (at: Bench) => ({ gocache: own(at), gogc: '400' })],
    ['what the user set', { GOCACHE: '/mine', GOGC: '50' }, () => ({ gocache: '/mine', gogc: '50' })],
  ])('has %s', async (_, set, expected) => {
    const at = makeBench()
    const heard = putTellingGo(at)
    const env = { ...plainEnv, GOCACHE: undefined, GOGC: undefined, GOENV: 'off', ...set, PATH: at.bin }
    await resolveTool('k6', options(at, { env }))
    expect(JSON.parse(readFileSync(heard, 'utf8'))).toEqual(expected(at))
  })

  it('has the cache that the user set with go env -w', async () => {
    const at = makeBench()
    const [heard, settings] = [putTellingGo(at), join(at.root, 'env')]
    writeFileSync(settings, 'GOPROXY=off\nGOCACHE=/first\nGOCACHE=/written\n')
    await resolveTool('k6', options(at, { env: { ...plainEnv, GOCACHE: undefined, GOENV: settings, PATH: at.bin } }))
    expect(JSON.parse(readFileSync(heard, 'utf8'))).toMatchObject({ gocache: '/written' })
  })

  it('is preceded by what the builds take, and followed by what they leave in an own cache', async () => {
    const at = makeBench()
    putTellingGo(at)
    mkdirSync(own(at))
    writeFileSync(join(own(at), 'package'), 'x'.repeat(100_000))
    const seen: ToolProgress[] = []
    const env = { ...plainEnv, GOCACHE: undefined, GOENV: 'off', GOMODCACHE: join(at.root, 'none'), PATH: at.bin }
    await resolveTool('k6', options(at, { env, onProgress: (progress) => seen.push(progress) }))
    expect(seen.map(({ kind }) => kind)).toEqual(['planned', 'building', 'built', 'kept', 'found'])
    expect(seen[0]).toMatchObject({ tools: ['k6'], isWarm: true, expectedMs: expect.any(Number) })
    // The modules, 780 packages and the program, less what is there.
    expect(seen[0]).toMatchObject({ neededBytes: expect.closeTo(310e6 + 780 * 1.05e6 + 47e6 - 100_000, -5) })
    expect(seen[1]).toMatchObject({ leftMs: expect.any(Number) })
    expect(seen[3]).toEqual({ kind: 'kept', compiledBytes: bytesBelow(own(at)) })
    const again: ToolProgress[] = []
    await resolveTool('k6', options(at, { env, onProgress: (progress) => again.push(progress) }))
    expect(again.map(({ kind }) => kind)).toEqual(['found'])
  })
})

describe('builds that another process has done meanwhile', () => {
  it('are neither announced nor followed by what they leave', async () => {
    const at = makeBench()
    putTellingGo(at)
    const seen: ToolProgress[] = []
    const env = { ...plainEnv, GOCACHE: undefined, GOENV: 'off', PATH: at.bin }
    const resolving = () => resolveTool('k6', options(at, { env, onProgress: (progress) => seen.push(progress) }))
    await Promise.all([resolving(), resolving()])
    expect(seen.some(({ kind }) => kind === 'waiting')).toBe(true)
    for (const once of ['planned', 'built', 'kept']) expect(seen.filter(({ kind }) => kind === once)).toHaveLength(1)
  })
})

describe("a program that can't be built", { timeout: 60_000 }, () => {
  it('names go when it is missing', async () => {
    const at = makeBench()
    const error = await failure(resolveTool('k6', options(at, { env: { PATH: at.bin } })))
    expect(error).toMatchObject({ code: 'go-missing' })
    expect(error.tried).toContain('no k6 on the PATH')
    expect(error.next).toMatch(/install Go 1\.\d+(\.\d+)? or newer.*MATCHDAY_K6=\/path\/to\/k6/)
  })

  it('reports that go is older than go.mod asks for', async () => {
    const at = makeBench()
    writeModule(at, 'go 1.999.0', printing('k6 v2.2.0'))
    const env = { ...plainEnv, PATH: `${at.bin}:${goFolder}`, GOTOOLCHAIN: 'local' }
    expect(await failure(resolveTool('k6', options(at, { env })))).toMatchObject({
      code: 'go-too-old',
      next: expect.stringContaining('Go 1.999.0 or newer'),
    })
  })

  it('reports that the module proxy is unreachable', async () => {
    const at = makeBench()
    writeModule(
      at,
      'go 1.21',
      'package main\n\nimport _ "example.invalid/missing"\n\nfunc main() {}\n',
      'require example.invalid/missing v1.0.0\n',
    )
    const env = {
      ...plainEnv,
      PATH: `${at.bin}:${goFolder}`,
      GOPROXY: 'http://127.0.0.1:1',
      GONOSUMDB: '*',
      GOFLAGS: '',
    }
    writeFileSync(join(at.goModules, 'k6', 'go.sum'), SUMS)
    expect(await failure(resolveTool('k6', options(at, { env })))).toMatchObject({ code: 'registry-unreachable' })
  })

  it('shows the message of go about a source that does not compile', async () => {
    const at = makeBench('2.2.0', 'package main\n\nfunc main() { undefinedThing() }\n')
    const error = await failure(resolveTool('k6', options(at)))
    expect(error).toMatchObject({ code: 'build-failed' })
    expect(error.message).toContain('undefinedThing')
  })

  it('reports that the cache is not writable', async () => {
    const at = makeBench()
    writeFileSync(at.cacheDirectory, 'a file where a folder should be')
    await expect(resolveTool('k6', options(at))).rejects.toThrow(/ENOTDIR|EEXIST|cache/)
  })
})

// Well-formed sums of a module that does not exist: go must get as far as asking the proxy.
const SUMS = ['v1.0.0', 'v1.0.0/go.mod']
  .map((version) => `example.invalid/missing ${version} h1:${Buffer.alloc(32).toString('base64')}\n`)
  .join('')

function unexecutable(at: Bench): string {
  const path = putProgram(at.root, 'k6-plain', 'k6 v2.2.0')
  chmodSync(path, 0o644)
  return path
}

/** Everything below the cache that is neither lock nor work. */
const keptFiles = (at: Bench): string[] =>
  readdirSync(at.cacheDirectory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'build.lock' && !entry.parentPath.includes('/work'))
    .map((entry) => entry.name)

/** A go that writes half a program and then hangs; the file returned gets its process group's id. */
function putHangingGo(at: Bench): string {
  const pidFile = join(at.root, 'go.pid')
  const path = join(at.bin, 'go')
  writeFileSync(
    path,
    `#!/bin/sh
PATH=/usr/bin:/bin
while [ $# -gt 0 ]; do [ "$1" = -o ] && echo half > "$2"; shift; done
echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}
sleep 60
`,
  )
  chmodSync(path, 0o755)
  return pidFile
}

/** A go that says which settings it has, in the file returned, and builds a script. */
function putTellingGo(at: Bench): string {
  const heard = join(at.root, 'heard')
  const path = join(at.bin, 'go')
  writeFileSync(
    path,
    `#!/bin/sh
echo "{\\"gocache\\":\\"$GOCACHE\\",\\"gogc\\":\\"$GOGC\\"}" > ${heard}
while [ $# -gt 0 ]; do [ "$1" = -o ] && out="$2"; shift; done
printf '#!/bin/sh\\necho k6 v2.2.0\\n' > "$out"
/bin/chmod 755 "$out"
`,
  )
  chmodSync(path, 0o755)
  return heard
}

async function contentOf(path: string): Promise<string> {
  while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 20))
  return readFileSync(path, 'utf8').trim()
}

/** Prints what it resolved, and whether it was this process that compiled it. */
function resolveInAnotherProcess(at: Bench) {
  const source = new URL('../../src/toolchain/toolchain.ts', import.meta.url)
  const script = `const { resolveTool } = await import('${source}')
    let compiled = false
    const onProgress = (progress) => { compiled ||= progress.kind === 'built' }
    const found = await resolveTool('k6', { cacheDirectory: process.argv[1], goModules: process.argv[2], onProgress })
    console.log(JSON.stringify({ ...found, compiled }))`
  return spawn(process.execPath, ['--input-type=module', '-e', script, at.cacheDirectory, at.goModules], {
    env: options(at).env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}
