import type { CommandPlace, Values } from './tree.ts'
import { commandPatterns, keyOf, quoted, valueCases } from './words.ts'

/** For `source <(matchday completion zsh)`, or as the file `_matchday` in a folder of `fpath`. */
export const zshCompletion = (places: readonly CommandPlace[]): string => `#compdef matchday kubectl-matchday
_matchday() {
  local at='' word
  local -a found flags
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at/$word" in
    ${commandPatterns(places)}) at="$at/$word" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${valueCases(places, (values) => `${addOf(values)}; return`).join('\n')}
  esac
  case "$at" in
${places.map(placeCase).join('\n')}
  esac
}
if [[ "$funcstack[1]" == _matchday ]]; then _matchday "$@"; else compdef _matchday matchday kubectl-matchday; fi
`

function placeCase({ path, commands, flags, argument }: CommandPlace): string {
  const described = flags.flatMap(({ names, description }) => names.map((name) => item(name, description)))
  const options = `flags=(${described.join(' ')}); _describe -o flag flags`
  const found = commands.map(({ name, description }) => item(name, description)).join(' ')
  const others = commands.length > 0 ? `found=(${found}); _describe command found` : addOf(argument)
  return `    ${quoted(keyOf(path))}) if [[ $PREFIX == -* ]]; then ${options}; else ${others}; fi ;;`
}

const item = (name: string, description: string): string => quoted(`${name.replaceAll(':', '\\:')}:${description}`)

function addOf(values: Values): string {
  switch (values.kind) {
    case 'files':
      return '_files'
    case 'folders':
      return '_files -/'
    case 'words':
      return `compadd -- ${values.words.map(quoted).join(' ')}`
    case 'other':
    case 'none':
      return ':'
  }
}
