package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/internal/version"
	"github.com/chaosctl/chaosctl/pkg/event"
)

func (a *app) version() *cobra.Command {
	var image bool
	var output string
	cmd := &cobra.Command{
		Use: "version", Short: "Print the version, and with -o json the commit and the platform it was built for", Args: cobra.NoArgs,
		Example:          "  chaosctl version -o json",
		PersistentPreRun: func(*cobra.Command, []string) {}, // asks nobody
		RunE: func(*cobra.Command, []string) error {
			build := version.Current()
			var err error
			switch {
			case output != "text" && output != "json":
				err = usage(fmt.Errorf("--output %q is not known: use text or json", output))
			case image && output == "json":
				err = usage(errors.New("--image prints nothing but the image, and the JSON has it: leave out one of --image and --output"))
			case image:
				_, err = fmt.Fprintln(a.Out, build.Image)
			case output == "json":
				err = json.NewEncoder(a.Out).Encode(build)
			default:
				_, err = fmt.Fprintf(a.Out, "chaosctl %s (%s, %s)\n", build.Version, build.Go, build.Platform)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&image, "image", false, "Print the name of the image that agents in pods and the dead man's Job have, unless told otherwise")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return cmd
}

// environment says what measures.
func (a *app) environment() event.Environment {
	host, _ := os.Hostname() // only told; a machine without a name is no problem
	return event.Environment{
		Version: version.Version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Host: host, CPUs: runtime.NumCPU(),
		Command: commandLine(a.args),
	}
}

// commandLine is what repeats a call, for a shell. A token is left out (G18): the line stands in the report.
func commandLine(args []string) string {
	line := []string{"chaosctl"}
	secret := false
	for _, arg := range args {
		switch {
		case secret:
			arg = redacted
		case strings.HasPrefix(arg, "--token="):
			arg = "--token=" + redacted
		}
		secret = arg == "--token"
		line = append(line, quoted(arg))
	}
	return strings.Join(line, " ")
}

const redacted = "REDACTED"

// quoted is a word as a shell takes it.
func quoted(word string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_=+,./:@%", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !safe(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
