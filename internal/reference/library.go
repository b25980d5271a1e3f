package reference

import (
	"fmt"
	"io"
	"strings"

	"github.com/chaosctl/chaosctl/experiments"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// Ready is an experiment of the built-in library.
type Ready struct {
	*experiment.Experiment
	// File is its text.
	File string
}

// library reads the experiments, in the order of their names.
func library() ([]Ready, error) {
	loader := experiment.Loader{Catalogue: experiment.Catalogue{
		Faults: inject.Kinds(), Probes: probe.Kinds(), Expectations: verdict.Expectations(), Aborts: verdict.Aborts(),
	}}
	var all []Ready
	for _, name := range experiments.Names() {
		path, _ := experiments.Path(name)
		text, err := experiments.Files.ReadFile(path)
		if err != nil {
			return nil, err
		}
		file, err := loader.Load(path, strings.NewReader(string(text)))
		if err != nil {
			return nil, err
		}
		e, err := file.Experiment()
		if err != nil {
			return nil, err
		}
		all = append(all, Ready{e, string(text)})
	}
	return all, nil
}

// Experiment finds an experiment of the library by its name.
func (b *Book) Experiment(name string) (Ready, bool) {
	for _, r := range b.library {
		if r.Metadata.Name == name {
			return r, true
		}
	}
	return Ready{}, false
}

// passages are what is told of an experiment in prose.
func (r Ready) passages() [][2]string {
	return [][2]string{
		{"Hypothesis", r.Metadata.Description}, {"Why it matters", r.Metadata.About.Why},
		{"What usually breaks", r.Metadata.About.Breaks}, {"How to mend it", r.Metadata.About.Mend},
	}
}

// spec is the part of the file that says what is done.
func (r Ready) spec() string {
	_, spec, _ := strings.Cut(r.File, "\nspec:\n")
	return "spec:\n" + spec
}

// Text writes what the experiment is for, and how to run it, for a terminal that is so many columns wide.
func (r Ready) Text(w io.Writer, width int) {
	name := r.Metadata.Name
	fmt.Fprintf(w, "EXPERIMENT: %s\n  of the built-in library; tests the promise %s\n", name, r.Spec.Promise)
	for _, p := range r.passages() {
		fmt.Fprintf(w, "\n%s:\n%s\n", strings.ToUpper(p[0]), wrap(p[1], "  ", width))
	}
	lines := append([]string{"chaosctl run " + name + " -n NAMESPACE --target KIND/NAME"}, r.names()...)
	if r.elsewhere() {
		lines = append(lines, "--url URL")
	}
	fmt.Fprintf(w, "\nRUN IT:\n  %s\n", strings.Join(lines, " \\\n    "))
	fmt.Fprintf(w, "  chaosctl init %s -n NAMESPACE --target KIND/NAME    writes it to a file, to be made your own\n", name)
	if r.elsewhere() {
		fmt.Fprintf(w, "%s\n", wrap(aboutURL+".", "  ", width))
	}
	fmt.Fprintf(w, "\nWHAT IT DOES:\n  %s\n", strings.ReplaceAll(strings.TrimSpace(r.spec()), "\n", "\n  "))
}

// names are the flags by which the experiment learns what no other workload shares, a line for each fault.
func (r Ready) names() []string {
	var lines []string
	for _, f := range r.Spec.Faults {
		if line := namesIn(f); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// namesIn are those of one fault.
func namesIn(f experiment.Fault) string {
	path := "--set faults." + f.Name + "." + f.Kind + "."
	switch params := f.Params.(type) {
	case *inject.HTTPFault:
		return path + "port=PORT"
	case *inject.ConfigCorrupt:
		what := "configMap"
		if params.Secret != "" {
			what = "secret"
		}
		line := fmt.Sprintf("%s%s=NAME %skey=KEY", path, what, path)
		if params.At != "" {
			line += fmt.Sprintf(" %sat=PATH", path)
		}
		return line
	}
	return ""
}

// elsewhere says that the requests go to a service that uses the target, and not to the target.
func (r Ready) elsewhere() bool {
	_, name := r.Spec.Target.WorkloadKind()
	return len(r.Spec.Load) > 0 && r.Spec.Load[0].Destination().Service != name
}

// summary are the faults and the expectations, in Markdown.
func (r Ready) summary() string {
	var faults, expectations []string
	for _, f := range r.Spec.Faults {
		faults = append(faults, fmt.Sprintf("[%s](faults/%s.md)", f.Kind, f.Kind))
	}
	for _, e := range r.Spec.Expect {
		expectations = append(expectations, fmt.Sprintf("[%s](expectations.md#%s)", e.Kind, strings.ToLower(e.Kind)))
	}
	return strings.Join(faults, ", then ") + "; expects " + strings.Join(expectations, ", ")
}

// own is what a workload of the reader's own takes beside --target, in Markdown; empty where that is all.
func (r Ready) own() string {
	var parts []string
	for _, line := range r.names() {
		parts = append(parts, "`"+line+"`")
	}
	if r.elsewhere() {
		parts = append(parts, strings.Replace(aboutURL, "--url", "`--url`", 1))
	}
	return strings.Join(parts, "; ")
}

// aboutURL tells of a service that uses the target.
const aboutURL = "--url names a service that uses the target; without it, requests go to the target itself"

// libraryPage is the Markdown of the page on the library, by promise.
func (b *Book) libraryPage() string {
	var out strings.Builder
	out.WriteString(`<!-- Made by go generate ./internal/reference from the files in experiments/. -->

# The library

Experiments that are built in, by the promise that they test. Each can be run against any workload by its name:

` + "```sh" + `
chaosctl list experiments
chaosctl explain node-drain                                   # what is said here, and the whole of it, in a terminal
chaosctl run node-drain -n shop --target deployment/web       # load goes to the Service that selects the workload
chaosctl run node-drain -n shop --target deployment/web --url https://shop.example/ --set duration=30s
chaosctl init node-drain -n shop --target deployment/web      # writes it to a file
` + "```" + `

` + "`--set PATH=VALUE`" + ` gives any field below spec another value. Elements of lists go by their name, by what they are, or by their
position: ` + "`--set expect.recovery.within=1m`, `--set faults.break.configCorrupt.key=app.yaml`" + `.
`)
	out.WriteString("\n| promise | experiments |\n|---|---|\n")
	for _, promise := range experiment.Promises() {
		var links []string
		for _, r := range b.testing(promise) {
			links = append(links, fmt.Sprintf("[%s](#%s)", r.Metadata.Name, r.Metadata.Name))
		}
		fmt.Fprintf(&out, "| %s | %s |\n", promise, strings.Join(links, ", "))
	}
	for _, promise := range experiment.Promises() {
		fmt.Fprintf(&out, "\n## %s\n", promise)
		for _, r := range b.testing(promise) {
			out.WriteString(r.markdown())
		}
	}
	return out.String()
}

// testing are the experiments that test a promise.
func (b *Book) testing(promise experiment.Promise) (all []Ready) {
	for _, r := range b.library {
		if r.Spec.Promise == promise {
			all = append(all, r)
		}
	}
	return all
}

// markdown is what the page tells of the experiment.
func (r Ready) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "\n### %s\n\n%s\n\n", r.Metadata.Name, r.Metadata.Description)
	for _, p := range r.passages()[1:] {
		fmt.Fprintf(&out, "- *%s*: %s\n", p[0], p[1])
	}
	fmt.Fprintf(&out, "- *What it does*: %s\n", r.summary())
	if own := r.own(); own != "" {
		fmt.Fprintf(&out, "- *For a workload of your own*: %s\n", own)
	}
	return out.String()
}
