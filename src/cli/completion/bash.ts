import type { CommandPlace, Values } from './tree.ts'
import { commandPatterns, keyOf, quoted, valueCases } from './words.ts'

/** For `source <(matchday completion bash)`. */
export const bashCompletion = (places: readonly CommandPlace[]): string => `# bash completion of matchday
_matchday() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at='' word
  COMPREPLY=()
  # bash takes --flag=value apart.
  if [[ $cur == = ]]; then cur=''
  elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at/$word" in
    ${commandPatterns(places)}) at="$at/$word" ;;
    esac
  done
  case "$at $prev" in
${valueCases(places, (values) => `${replyOf(values)}; return`).join('\n')}
  esac
  case "$at" in
${places.map(placeCase).join('\n')}
  esac
}
complete -F _matchday matchday kubectl-matchday
`

function placeCase({ path, commands, flags, argument }: CommandPlace): string {
  const names = flags.flatMap((flag) => flag.names).join(' ')
  const others = commands.length > 0 ? wordsReply(commands.map(({ name }) => name)) : replyOf(argument)
  return `    ${quoted(keyOf(path))}) if [[ $cur == -* ]]; then ${wordsReply([names])}; else ${others}; fi ;;`
}

function replyOf(values: Values): string {
  switch (values.kind) {
    case 'files':
      return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur")'
    case 'folders':
      return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur")'
    case 'words':
      return wordsReply(values.words)
    case 'other':
    case 'none':
      return ':'
  }
}

const wordsReply = (words: readonly string[]): string =>
  `mapfile -t COMPREPLY < <(compgen -W ${quoted(words.join(' '))} -- "$cur")`
