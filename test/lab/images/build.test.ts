import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, normalize } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleServices } from '../../../src/lab/images/bundle.ts'
import { nodeImage, pauseImage } from '../../../src/lab/images/recipes.ts'
import { stageFile, stageFolder, stageVersion } from '../../../src/lab/images/stage.ts'

let folder: string
let source: { name: string; entry: string }
const told: string[] = []
const bundle = () => bundleServices(join(folder, 'images'), [source], (text) => void told.push(text))

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mdimg-'))
  writeFileSync(join(folder, 'part.ts'), `export const greeting: string = 'hello'\n`)
  writeFileSync(
    join(folder, 'main.ts'),
    `import { greeting } from './part.ts'\nimport { Gauge } from 'prom-client'\nconsole.log(greeting, typeof Gauge)\n`,
  )
  source = { name: 'test/greeter', entry: join(folder, 'main.ts') }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a service image', () => {
  it('is one file with everything in it, including packages of the project', async () => {
    const bundles = await bundle()
    const { name, image } = await nodeImage(join(folder, 'images'), source, bundles.get('test/greeter'), '')
    expect(name).toBe('test/greeter')
    expect(image.digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    const main = join(folder, 'images', image.folder, 'main.cjs')
    const lonely = mkdtempSync(join(folder, 'lonely-'))
    expect(execFileSync(process.execPath, [main], { cwd: lonely, encoding: 'utf8' })).toBe('hello function\n')
  })

  it('with a base image gets the command of that image as arguments, and its kind', async () => {
    const base = {
      digest: 'sha256:b',
      kind: 'native' as const,
      folder: 'test_base/b',
      entrypoint: ['/bin/sh', '$IMAGE/run.sh', '$IMAGE', '$NODE'],
      sizeBytes: 7,
    }
    const images = join(folder, 'images')
    const plain = await nodeImage(images, source, (await bundle()).get(source.name), '')
    const { image } = await nodeImage(images, source, (await bundle()).get(source.name), '', base)
    expect(image.kind).toBe('native')
    expect(image.digest).not.toBe(plain.image.digest)
    const at = join(images, image.folder)
    expect(image.entrypoint.slice(0, 2)).toEqual(['$NODE', '$IMAGE/main.cjs'])
    expect(
      image.entrypoint
        .slice(2)
        .map((word) => word.replaceAll('$IMAGE', at))
        .map((word) => normalize(word)),
    ).toEqual(['/bin/sh', join(images, 'test_base/b/run.sh'), join(images, 'test_base/b'), '$NODE'])
  })

  it('is not built again when only the time of a file changed', async () => {
    const before = (await bundle()).get(source.name)?.toString()
    told.length = 0
    utimesSync(join(folder, 'part.ts'), new Date(), new Date(Date.now() - 5000))
    expect((await bundle()).get(source.name)?.toString()).toBe(before)
    expect(told).toEqual([])
  })

  it('gets a new digest when an imported file changes', async () => {
    const images = join(folder, 'images')
    const before = await nodeImage(images, source, (await bundle()).get(source.name), '')
    writeFileSync(join(folder, 'part.ts'), `export const greeting: string = 'salut'\n`)
    const after = await nodeImage(images, source, (await bundle()).get(source.name), '')
    expect(after.image.digest).not.toBe(before.image.digest)
  })

  it('that cannot be bundled is an error with file and reason, and leaves no half-made image', async () => {
    writeFileSync(join(folder, 'broken.ts'), `import { x } from './missing.ts'\nconst a: = 1\n`)
    const broken = [{ name: 'test/broken', entry: join(folder, 'broken.ts') }]
    await expect(bundleServices(join(folder, 'images'), broken, () => undefined)).rejects.toThrow(
      /image-build-failed[\s\S]*broken\.ts/,
    )
    expect(readdirSync(join(folder, 'images')).filter((name) => name.startsWith('.bundling'))).toEqual([])
    expect((await bundle()).get('test/greeter')?.toString()).toContain('salut')
  })
})

describe('the pause image', () => {
  it('waits, and exits with 0 on SIGTERM', async () => {
    const { image } = await pauseImage(join(folder, 'images'))
    const [program = '', ...args] = image.entrypoint
    // Its trap is set when it has a child to wait for.
    const script = `"$@" >&2 & until grep -q . /proc/$!/task/$!/children; do sleep 0.05; done; kill -TERM $!; wait $!; echo "code $?"`
    expect(execFileSync('sh', ['-c', script, 'sh', program, ...args], { encoding: 'utf8', timeout: 10_000 })).toBe(
      'code 0\n',
    )
  })
})

describe('staging', () => {
  it('makes private files readable for all, without changing the original', () => {
    const secret = join(folder, 'private')
    writeFileSync(secret, 'x')
    chmodSync(secret, 0o700)
    const target = join(folder, 'staged', 'program')
    stageFile(secret, target)
    expect(statSync(target).mode & 0o777).toBe(0o755)
    expect(statSync(secret).mode & 0o777).toBe(0o700)
    const before = statSync(target).ino
    stageFile(secret, target)
    expect(statSync(target).ino).toBe(before)
  })

  it('copies folders with their links, without unwanted files', () => {
    const from = join(folder, 'from')
    mkdirSync(join(from, 'lib'), { recursive: true, mode: 0o700 })
    writeFileSync(join(from, 'lib', 'a.so'), '')
    writeFileSync(join(from, 'lib', 'a.a'), '')
    stageFolder(from, join(folder, 'to'), (path) => !path.endsWith('.a'))
    expect(readdirSync(join(folder, 'to', 'lib'))).toEqual(['a.so'])
    expect(statSync(join(folder, 'to', 'lib')).mode & 0o777).toBe(0o755)
  })

  it('makes a version visible only when it is complete', async () => {
    const target = join(folder, 'versions', 'one')
    const failing = stageVersion(target, (aside) => {
      writeFileSync(join(aside, 'half'), '')
      throw new Error('disk full')
    })
    await expect(failing).rejects.toThrow('disk full')
    expect(existsSync(target)).toBe(false)
    expect(readdirSync(join(folder, 'versions'))).toEqual([])
  })
})
