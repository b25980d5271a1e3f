package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/engine"
)

func (a *app) rbac() *cobra.Command {
	which := selection{gameDays: true}
	var account, lease string
	var live, deadMan bool
	cmd := &cobra.Command{
		Use:   "rbac [BUILTIN…] [-f FILE…]",
		Short: "Print the least role that lets an account run experiments",
		Long: `rbac prints the Roles, the ClusterRole and the bindings that let a ServiceAccount run the experiments, and nothing
else; of a game day, what all of its experiments need. It reads no cluster. With --live it does, and leaves out what depends on what is there: an experiment that restarts
those who use a ConfigMap is then limited to those who do.`,
		Example: `  chaosctl rbac pod-kill --target deployment/web -n shop | kubectl apply -f -
  chaosctl rbac -f experiments/ --serviceaccount ci/chaos
  chaosctl rbac -f gamedays/ --leader-elect chaos/chaosctl-serve`,
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := which.load(a, args)
			if err != nil {
				return err
			}
			manifest, err := manifestFor(all, account)
			if err != nil {
				return err
			}
			needs, err := a.needs(cmd.Context(), all, live)
			if err != nil {
				return err
			}
			if deadMan {
				for _, e := range all {
					needs = append(needs, access.OfDeadMan(e.Experiment)...)
				}
			}
			if lease != "" {
				namespace, name, err := leaseName(lease)
				if err != nil {
					return err
				}
				needs = append(needs, access.OfElection(namespace, name)...)
			}
			return manifest.Write(a.Out, access.RolesFor(needs))
		},
	}
	which.register(cmd.Flags())
	cmd.Flags().StringVar(&account, "serviceaccount", "", "The ServiceAccount that gets the role, as namespace/name; one named chaosctl is made where none is given")
	cmd.Flags().BoolVar(&deadMan, "dead-man", false, "Allow what run --dead-man needs too")
	cmd.Flags().StringVar(&lease, "leader-elect", "", "Allow what serve --leader-elect needs too, with the same `LEASE`, as namespace/name")
	cmd.Flags().BoolVar(&live, "live", false, "Ask the cluster what is there, and leave out what would not be needed now")
	return cmd
}

// needs of all experiments together.
func (a *app) needs(ctx context.Context, all []chosen, live bool) ([]access.Need, error) {
	var needs []access.Need
	for _, e := range all {
		if e.awaits != nil {
			needs = append(needs, access.OfHold(e.day.Metadata.Name, e.Experiment)...)
		}
		if e.day != nil {
			needs = append(needs, access.OfNotify(e.day, e.Experiment)...)
		}
	}
	if !live {
		for _, e := range all {
			needs = append(needs, access.Of(e.Experiment, access.Offline{})...)
		}
		return needs, nil
	}
	c, err := a.connect()
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		seed, err := seedOf(e)
		if err != nil {
			return nil, err
		}
		plan, err := engine.Prepare(ctx, c, e.Experiment, seed)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Metadata.Name, err)
		}
		needs = append(needs, plan.Needs()...)
		needs = append(needs, access.OfSurroundings(e.Spec.Target)...)
	}
	return needs, nil
}

// manifestFor names roles after the experiment and the account, so that accounts do not take each other's.
func manifestFor(all []chosen, account string) (*access.Manifest, error) {
	m := &access.Manifest{AccountNamespace: all[0].Spec.Target.Namespace, AccountName: "chaosctl", Create: account == ""}
	if account != "" {
		namespace, name, _ := strings.Cut(account, "/")
		if len(validation.IsDNS1123Label(namespace)) > 0 || len(validation.IsDNS1123Subdomain(name)) > 0 {
			return nil, usage(fmt.Errorf("--serviceaccount %q is not namespace/name: expected one such as ci/chaosctl", account))
		}
		m.AccountNamespace, m.AccountName = namespace, name
	}
	var names []string
	for _, e := range all {
		if !slices.Contains(names, e.Metadata.Name) {
			names = append(names, e.Metadata.Name)
		}
	}
	m.Title = fmt.Sprintf("What chaosctl needs to run %s as the ServiceAccount %s/%s, and no more.", strings.Join(names, ", "), m.AccountNamespace, m.AccountName)
	parts := []string{"chaosctl", m.AccountNamespace, m.AccountName}
	if len(all) == 1 {
		parts = append(parts, names[0])
	}
	m.Name = strings.Join(parts, ":")
	return m, nil
}
