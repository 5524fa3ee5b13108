/** Parts that the scripts of bash and zsh share: both walk the words typed so far with `case`. */
import type { CommandPlace, Values } from './tree.ts'

/** One word of a shell, whatever it contains. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** `lab up` as the shells keep it: `/lab/up`. */
export const keyOf = (path: string): string => (path === '' ? '' : `/${path.replaceAll(' ', '/')}`)

/** Patterns of `case` for every command but the program itself. */
export const commandPatterns = (places: readonly CommandPlace[]): string =>
  places
    .filter(({ path }) => path !== '')
    .map(({ path }) => keyOf(path))
    .join('|')

/** A line of `case` for each flag that takes a value; `complete` gives the shell's code for it. */
export const valueCases = (places: readonly CommandPlace[], complete: (values: Values) => string): string[] =>
  places.flatMap(({ path, flags }) =>
    flags
      .filter(({ values }) => values.kind !== 'none')
      .map(({ names, values }) => {
        const patterns = names.map((name) => quoted(`${keyOf(path)} ${name}`)).join('|')
        return `    ${patterns}) ${complete(values)} ;;`
      }),
  )
