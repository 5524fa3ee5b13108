/** Finds what k6 complains about in the user's files, because k6 does not always say where it stands. */
import { readFileSync } from 'node:fs'
import type { SourcePoint } from '../../domain/issue.ts'

/** The first place of one of the texts in one of the files. */
export function placeIn(files: readonly string[], texts: readonly string[]): SourcePoint | undefined {
  for (const file of files) {
    const lines = linesOf(file)
    for (const [index, line] of lines.entries()) {
      const text = texts.find((each) => line.includes(each))
      if (text !== undefined) return { file, line: index + 1, column: line.indexOf(text) + 1 }
    }
  }
  return undefined
}

export const quoted = (text: string): readonly string[] => [`'${text}'`, `"${text}"`, `\`${text}\``]

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}
