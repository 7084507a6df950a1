/** The shells ask the program itself for completions, so that they always know all of it. */

const PROGRAM = 'kubectl-site_follower';
export const COMPLETE = '__complete';

/** One script for each shell; `kubectl` is the helper that kubectl calls for its plugin. */
export const SCRIPTS = {
  bash: `_kubectl_site_follower() {
  local IFS=$'\\n'
  COMPREPLY=($(${PROGRAM} ${COMPLETE} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | grep -v '^:' | cut -f1))
}
complete -o default -F _kubectl_site_follower ${PROGRAM}
`,
  zsh: `#compdef ${PROGRAM}
_kubectl_site_follower() {
  local -a found
  found=("\${(@f)$(${PROGRAM} ${COMPLETE} "\${(@)words[2,CURRENT]}" 2>/dev/null | grep -v '^:' | tr '\\t' ':')}")
  if [[ -n "$found" ]]; then _describe ${PROGRAM} found; else _files; fi
}
compdef _kubectl_site_follower ${PROGRAM}
`,
  fish: `function __${PROGRAM.replace('-', '_')}
  ${PROGRAM} ${COMPLETE} (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null | string match -v ':*'
end
complete -c ${PROGRAM} -a '(__${PROGRAM.replace('-', '_')})'
`,
  kubectl: `#!/bin/sh
exec ${PROGRAM} ${COMPLETE} "$@"
`,
} as const;

export type Shell = keyof typeof SCRIPTS;
export const SHELLS = Object.keys(SCRIPTS) as readonly Shell[];
