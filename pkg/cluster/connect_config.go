package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// ConnectionError says in one sentence why there is no connection to a cluster, and what to do about it.
type ConnectionError struct {
	Sentence string
	Hint     string
	// Config tells a configuration that cannot be used from a server that does not answer, or not as it should.
	Config bool
	// Err is where it came from, if from anywhere.
	Err error
}

func (e *ConnectionError) Error() string { return e.Sentence }

func (e *ConnectionError) Unwrap() error { return e.Err }

// nobody is the address that client-go assumes where it is told nothing. No server speaks plain HTTP there any more.
const nobody = "http://localhost:8080"

// configuration is what the kubeconfig, the flags or the pod that this runs in say.
func configuration(loader clientcmd.ClientConfig) (*rest.Config, error) {
	config, err := loader.ClientConfig()
	raw, rawErr := loader.RawConfig()
	switch {
	case err == nil && rawErr == nil && config.Host == nobody && clientcmdapi.IsConfigEmpty(&raw):
		return nil, unconfigured()
	case err == nil && rawErr == nil && config.Host == nobody && !names(raw, nobody):
		return nil, configProblem(nil, "the cluster of the context has no server", "give it one (clusters[].cluster.server), or use --server")
	case err != nil && rawErr == nil:
		return nil, referenceError(err, raw)
	case err != nil:
		return nil, configError(err)
	}
	return config, nil
}

// names says that a cluster of the kubeconfig has this server.
func names(raw clientcmdapi.Config, server string) bool {
	for _, c := range raw.Clusters {
		if c.Server == server {
			return true
		}
	}
	return false
}

func unconfigured() error {
	return &ConnectionError{
		Sentence: "no cluster is configured",
		Hint:     "name a kubeconfig by --kubeconfig or by KUBECONFIG in the environment", Config: true,
	}
}

// referenceError is about a name that the kubeconfig does not hold, and says which it holds; or else as [configError].
// client-go has no types for these errors.
func referenceError(err error, raw clientcmdapi.Config) error {
	kind, _, _ := strings.Cut(err.Error(), " \"")
	switch {
	case clientcmd.IsContextNotFound(err) && raw.CurrentContext != "":
		return configProblem(err, fmt.Sprintf("context %q, its current one, does not exist", raw.CurrentContext), hintContexts(raw))
	case !strings.HasSuffix(err.Error(), " does not exist"):
		return configError(err)
	case kind == "context":
		return configProblem(err, err.Error(), hintContexts(raw))
	case kind == "cluster":
		return configProblem(err, err.Error(), "it has the clusters "+known(raw.Clusters)+" (--cluster)")
	case kind == "auth info":
		return configProblem(err, "user"+strings.TrimPrefix(err.Error(), kind), "it has the users "+known(raw.AuthInfos)+" (--user)")
	}
	return configError(err)
}

func known[T any](of map[string]T) string {
	if len(of) == 0 {
		return "(none)"
	}
	return strings.Join(slices.Sorted(maps.Keys(of)), ", ")
}

// configError says what is wrong with a kubeconfig.
func configError(err error) error {
	if clientcmd.IsEmptyConfig(err) {
		return unconfigured()
	}
	// Of several errors, the first tends to be the cause of the others.
	var several utilerrors.Aggregate
	if errors.As(err, &several) && len(several.Errors()) > 0 {
		err = several.Errors()[0]
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		why := "cannot be read: " + path.Err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			why = "does not exist"
		}
		return configProblem(err, path.Path+" "+why, "check --kubeconfig and KUBECONFIG, and the files that the kubeconfig names")
	}
	if rest, found := strings.CutPrefix(err.Error(), `error loading config file "`); found {
		file, why, _ := strings.Cut(rest, `": `)
		why = strings.TrimPrefix(why, "read "+file+": ")
		return configProblem(err, file+": "+why, "mend the file, or name another by --kubeconfig")
	}
	return configProblem(err, err.Error(), "kubectl config view shows what it holds")
}

func configProblem(err error, what, hint string) error {
	return &ConnectionError{Sentence: fmt.Sprintf("the kubeconfig cannot be used: %s", what), Hint: hint, Config: true, Err: err}
}

func hintContexts(raw clientcmdapi.Config) string {
	return "it has the contexts " + known(raw.Contexts) + " (--context)"
}
