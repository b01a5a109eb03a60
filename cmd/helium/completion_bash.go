package main

import (
	"io"

	"github.com/spf13/cobra"
)

// writeBashCompletion writes Cobra's script, and after it what that script otherwise needs
// from the package bash-completion, which not every machine has.
func writeBashCompletion(root *cobra.Command, out io.Writer) error {
	if err := root.GenBashCompletionV2(out, true); err != nil {
		return err
	}
	_, err := io.WriteString(out, bashWords)
	return err
}

// bashWords takes the place of a function of the same name in Cobra's script. Bash cuts
// words at = and : too. Where bash-completion isn't there to put them together again, the
// words are told from the line itself: what no blank stands before belongs to the word
// before it if either of the two is made of = and : alone.
const bashWords = `
__helium_init_completion()
{
    COMPREPLY=()
    if declare -F _get_comp_words_by_ref >/dev/null 2>&1; then
        _get_comp_words_by_ref "$@" cur prev words cword
        return
    fi
    local line=${COMP_LINE:0:COMP_POINT} word rest before= index
    words=()
    for ((index = 0; index <= COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]-}
        rest=${line#"${line%%[![:space:]]*}"}
        if ((index == COMP_CWORD)); then
            word=$rest # up to the cursor
        fi
        if [[ ${#words[@]} -gt 0 && $rest == "$line" && -n $word ]] &&
            [[ $word =~ ^[=:]+$ || $before =~ ^[=:]+$ ]]; then
            words[${#words[@]}-1]+=$word
        else
            words+=("$word")
        fi
        line=${rest#"$word"}
        before=$word
    done
    cword=$((${#words[@]} - 1))
    cur=${words[cword]}
    prev=
    if ((cword > 0)); then
        prev=${words[cword-1]}
    fi
}
`
