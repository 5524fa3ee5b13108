/** The objectives of a rehearsal: those that it writes itself, and those of the OpenSLO files that it names, in the order of the file. */
import type { Slis } from '../../domain/indicators.ts'
import { isSome } from '../../domain/units.ts'
import { type Files, relativeTo } from '../files.ts'
import type { Draft, FileDraft } from '../rehearsal.ts'
import type { Report } from '../report.ts'
import { type OpenSlo, readOpenSlo } from './read.ts'

export function withOpenSlo(files: Files, path: string, written: FileDraft, lastsMs: number, report: Report): Draft {
  const { slos } = written
  if (slos === undefined) return { ...written, slos, brought: {} }
  const read = slos.value.map((each): OpenSlo => {
    if (each.kind === 'objective') return { slos: [each.value], slis: {} }
    const { at, value } = each.value.openslo
    return readOpenSlo(files, relativeTo(path, value), at, lastsMs, report)
  })
  const all = read.flatMap((each) => each.slos)
  const brought: Slis = Object.assign({}, ...read.map((each) => each.slis))
  reportTwins(written, brought, report)
  const isWhole = slos.whole && read.every((each) => each.slos.length > 0)
  return { ...written, slos: isSome(all) ? { value: all, whole: isWhole } : undefined, brought }
}

function reportTwins({ slis }: FileDraft, brought: Slis, report: Report): void {
  for (const [name, spec] of Object.entries(brought))
    if (Object.hasOwn(slis?.value ?? {}, name) && 'at' in spec)
      report(
        spec.at,
        'duplicate-name',
        `"${name}" is an indicator of the rehearsal already.`,
        'give one of them another name.',
      )
}
