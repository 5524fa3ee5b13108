import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { tempFolder } from '../support/temp-folder.ts'

// A Go module that is built like the real one, but in a second and without a network: its requirement is replaced by a folder beside it.

export type Bench = {
  readonly root: string
  readonly goModules: string
  readonly cacheDirectory: string
  readonly bin: string
}

/** Folders for one test: Go modules whose k6 says `version`, an empty cache, and an empty folder for programs on the PATH. */
export function makeBench(version = '2.2.0', source = printing(`k6 v${version} (tiny)`)): Bench {
  const root = tempFolder()
  const bench = { root, goModules: join(root, 'go'), cacheDirectory: join(root, 'cache'), bin: join(root, 'bin') }
  mkdirSync(bench.bin)
  writeModule(bench, 'go 1.21', source)
  return bench
}

export function writeModule(bench: Bench, goLine: string, source: string, extra = ''): void {
  const folder = join(bench.goModules, 'k6')
  mkdirSync(join(folder, 'program'), { recursive: true })
  const requirement = 'go.k6.io/k6/v2'
  writeFileSync(
    join(folder, 'go.mod'),
    `module matchday.dev/tiny\n\n${goLine}\n\nrequire ${requirement} v2.2.0\n${extra}\nreplace ${requirement} => ./program\n`,
  )
  writeFileSync(join(folder, 'go.sum'), '')
  writeFileSync(join(folder, 'tools.go'), `//go:build tools\n\npackage tools\n\nimport _ "${requirement}"\n`)
  writeFileSync(join(folder, 'program', 'go.mod'), `module ${requirement}\n\n${goLine}\n`)
  writeFileSync(join(folder, 'program', 'main.go'), source)
}

/** critest as upstream has it: the test of a package, whose version is set by the linker. */
export function writeTestModule(bench: Bench): void {
  const folder = join(bench.goModules, 'cri-tools')
  const requirement = 'sigs.k8s.io/cri-tools'
  const files = {
    'go.mod': `module matchday.dev/tiny\n\ngo 1.21\n\nrequire ${requirement} v1.36.0\n\nreplace ${requirement} => ./suite\n`,
    'go.sum': '',
    'tools.go': `//go:build tools\n\npackage tools\n\nimport _ "${requirement}/pkg/version"\n`,
    'suite/go.mod': `module ${requirement}\n\ngo 1.21\n`,
    'suite/pkg/version/version.go': 'package version\n\nvar Version = "unknown"\n',
    'suite/cmd/critest/cri_test.go': `package main

import (
	"os"
	"testing"

	"${requirement}/pkg/version"
)

func TestMain(m *testing.M) { os.Stdout.WriteString("critest version: " + version.Version + "\\n") }
`,
  }
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
}

/** A Go program that prints one line. */
export const printing = (line: string): string =>
  `package main\n\nimport "os"\n\nfunc main() { os.Stdout.WriteString("${line}\\n") }\n`

/** A program on a PATH: a shell script that prints one line. */
export function putProgram(folder: string, name: string, line: string): string {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\necho '${line}'\n`)
  chmodSync(path, 0o755)
  return path
}
