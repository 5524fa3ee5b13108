import { readFileSync } from 'node:fs'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that share a lab follow each other, so that none is booted twice: first those that need no lab or boot their own, then those of
 * the empty lab, last those of the platform. Whatever runs side by side keeps vitest's own order.
 */
export class LabOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const inLab = (file: TestSpecification) => file.project.name === 'lab'
    const ranked = files.filter(inLab).map((file) => ({ file, rank: `${rankOf(file.moduleId)} ${file.moduleId}` }))
    const others = await super.sort(files.filter((file) => !inLab(file)))
    return [...others, ...ranked.sort((one, other) => (one.rank < other.rank ? -1 : 1)).map(({ file }) => file)]
  }
}

function rankOf(path: string): number {
  const text = readFileSync(path, 'utf8')
  return text.includes('testLab(') ? 2 : text.includes('sharedBench(') ? 1 : 0
}
