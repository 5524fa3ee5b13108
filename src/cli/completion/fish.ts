import type { CommandPlace, Flag, Values } from './tree.ts'
import { keyOf } from './words.ts'

/** For `matchday completion fish | source`, or as the file matchday.fish in ~/.config/fish/completions. */
export const fishCompletion = (places: readonly CommandPlace[]): string => `# fish completion of matchday
function __matchday_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    if contains -- "$at/$word" ${places.flatMap(({ path }) => (path === '' ? [] : [quoted(keyOf(path))])).join(' ')}
      set at "$at/$word"
    end
  end
  test "$at" = "$argv[1]"
end
for command in matchday kubectl-matchday
${places.flatMap(placeLines).join('\n')}
end
`

/** fish's own quoting: only the quote and the backslash are special. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

function placeLines({ path, commands, flags, argument }: CommandPlace): string[] {
  const here = `  complete -c $command -n ${quoted(`__matchday_at ${quoted(keyOf(path))}`)}`
  return [
    ...commands.map(({ name, description }) => `${here} -f -a ${quoted(name)} -d ${quoted(description)}`),
    ...(commands.length > 0 ? [] : [`${here} ${argumentOf(argument)}`]),
    ...flags.map((flag) => `${here} ${namesOf(flag)} ${valuesFlag(flag.values)} -d ${quoted(flag.description)}`),
  ]
}

const namesOf = ({ names }: Flag): string =>
  names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`)).join(' ')

function argumentOf(values: Values): string {
  return values.kind === 'files' ? '-F' : valuesFlag(values).replace('-x', '-f')
}

function valuesFlag(values: Values): string {
  switch (values.kind) {
    case 'none':
      return '-f'
    case 'files':
      return '-r -F'
    case 'folders':
      return `-x -a '(__fish_complete_directories)'`
    case 'words':
      return `-x -a ${quoted(values.words.join(' '))}`
    case 'other':
      return '-x'
  }
}
