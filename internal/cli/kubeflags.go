package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// kubeFlags are the flags by which kubectl finds a cluster, made of client-go's own. Those of k8s.io/cli-runtime are the
// same, but bring kustomize and the printers of kubectl with them, which every command would load.
type kubeFlags struct {
	file      string
	extra     []string
	overrides clientcmd.ConfigOverrides
	loader    clientcmd.ClientConfig
}

func newKubeFlags() *kubeFlags {
	return &kubeFlags{overrides: clientcmd.ConfigOverrides{ClusterDefaults: clientcmd.ClusterDefaults, Timeout: "0"}}
}

// addTo registers all that kubectl has.
func (k *kubeFlags) addTo(flags *pflag.FlagSet) {
	names := clientcmd.RecommendedConfigOverrideFlags("")
	names.ClusterOverrideFlags.APIServer.ShortName = "s"
	names.AuthOverrideFlags.Username.LongName, names.AuthOverrideFlags.Password.LongName = "", "" // kubectl has these no more
	clientcmd.BindOverrideFlags(&k.overrides, flags, names)
	flags.StringVar(&k.file, clientcmd.RecommendedConfigPathFlag, "", "")
	flags.StringArrayVar(&k.extra, "as-user-extra", nil, "")
	flags.String("cache-dir", "", "") // is there for commands that were kubectl's; nothing is cached
}

// config reads the kubeconfig when it is first asked; only after the flags were parsed, therefore.
func (k *kubeFlags) config() clientcmd.ClientConfig {
	if k.loader == nil {
		rules := clientcmd.NewDefaultClientConfigLoadingRules()
		rules.DefaultClientConfig = &clientcmd.DefaultClientConfig
		rules.ExplicitPath = k.file
		for _, extra := range k.extra {
			k.impersonate(extra)
		}
		k.loader = clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &k.overrides)
	}
	return k.loader
}

// impersonate adds what one --as-user-extra says.
func (k *kubeFlags) impersonate(extra string) {
	key, value, _ := strings.Cut(extra, "=")
	if k.overrides.AuthInfo.ImpersonateUserExtra == nil {
		k.overrides.AuthInfo.ImpersonateUserExtra = map[string][]string{}
	}
	k.overrides.AuthInfo.ImpersonateUserExtra[key] = append(k.overrides.AuthInfo.ImpersonateUserExtra[key], value)
}

// problem is a flag that cannot be read; client-go would overlook these, or tell of them later and in other words.
func (k *kubeFlags) problem() error {
	if wait, err := clientcmd.ParseTimeout(k.overrides.Timeout); err != nil || wait < 0 {
		return usage(fmt.Errorf("--request-timeout %q is not a time: expected one such as 10s or 2m, or 0 for none", k.overrides.Timeout))
	}
	for _, extra := range k.extra {
		if key, _, ok := strings.Cut(extra, "="); !ok || key == "" {
			return usage(fmt.Errorf("--as-user-extra %q says nothing: expected KEY=VALUE", extra))
		}
	}
	return nil
}

// namespace is the one that the user has named; empty for none.
func (k *kubeFlags) namespace() string { return k.overrides.Context.Namespace }

// context is that of the kubeconfig that the user has named; empty for its current one.
func (k *kubeFlags) context() string { return k.overrides.CurrentContext }

func (k *kubeFlags) restConfig() (*rest.Config, error) { return k.config().ClientConfig() }
