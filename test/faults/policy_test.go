package faults

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// shutOff wants the pods of before to be ready, and to take no connection.
func shutOff(ctx context.Context, s *stage) error {
	fresh, lost, err := s.fresh(ctx)
	if err != nil {
		return err
	}
	if len(fresh) != 0 || lost != 0 {
		return fmt.Errorf("%d pods are new and %d of before are gone", len(fresh), lost)
	}
	if err := s.endpoints(ctx, replicas); err != nil {
		return err
	}
	for i := range s.pods {
		if _, err := get(ctx, &s.pods[i], "/readyz"); err == nil {
			return fmt.Errorf("pod %s answers", s.pods[i].Name)
		}
	}
	return nil
}

// shutIn wants the pods of before to be ready and to answer, and to reach no other pod.
func shutIn(ctx context.Context, s *stage) error {
	if err := removed(0)(ctx, s); err != nil {
		return err
	}
	all, err := s.processes()
	if err != nil {
		return err
	}
	for _, p := range all {
		i := slices.IndexFunc(s.pods, func(pod corev1.Pod) bool { return pod.Name != p.pod })
		to := fmt.Sprintf("exec 3<>/dev/tcp/%s/8080", s.pods[i].Status.PodIP)
		if exec.CommandContext(ctx, "nsenter", "--net="+filepath.Join(p.directory, "ns", "net"), "timeout", "1", "bash", "-c", to).Run() == nil {
			return fmt.Errorf("pod %s reaches %s", p.pod, s.pods[i].Name)
		}
	}
	return nil
}

// enforce plays a network plugin that enforces policies, which the lab's is not: as long as there is a policy in the namespace, its
// pods take connections from their nodes alone, as kubelets must be able to look after them, or open none, or both. What else
// a policy says it does not read.
func enforce(t *testing.T, s *stage) {
	t.Helper()
	inPods := func(rules func(gateway string) string) error {
		all, err := s.processes()
		if err != nil {
			return err
		}
		done := map[string]bool{}
		for _, p := range all {
			if done[p.pod] {
				continue
			}
			network := "--net=" + filepath.Join(p.directory, "ns", "net")
			route, err := exec.CommandContext(t.Context(), "nsenter", network, "ip", "-4", "route", "show", "default").Output()
			if err != nil {
				return fmt.Errorf("the route of pod %s: %w", p.pod, err)
			}
			fields := strings.Fields(string(route)) // default via ADDRESS dev eth0
			if len(fields) < 3 {
				continue // a process that has just ended, or not entered its network yet
			}
			nft := exec.CommandContext(t.Context(), "nsenter", network, "nft", "-f", "-")
			nft.Stdin = strings.NewReader(rules(fields[2]))
			if out, err := nft.CombinedOutput(); err != nil {
				return fmt.Errorf("the rules of pod %s: %w: %s", p.pod, err, bytes.TrimSpace(out))
			}
			done[p.pod] = true
		}
		return nil
	}
	const none = "table inet enforced {}\ndelete table inet enforced\n"
	apply := func(denied []networkingv1.PolicyType) error {
		return inPods(func(gateway string) string {
			rules := none
			if slices.Contains(denied, networkingv1.PolicyTypeEgress) {
				rules += `table inet enforced { chain output { type filter hook output priority 0; policy drop;
				ct state established,related accept
				oif lo accept
			}
			}
			`
			}
			if !slices.Contains(denied, networkingv1.PolicyTypeIngress) {
				return rules
			}
			return rules + `table inet enforced { chain input { type filter hook input priority 0; policy drop;
				ct state established,related accept
				iif lo accept
				ip saddr ` + gateway + ` accept
			}
			}
			`
		})
	}
	stopped := make(chan struct{})
	t.Cleanup(func() { <-stopped })
	go func() {
		defer close(stopped)
		var denied []networkingv1.PolicyType
		for t.Context().Err() == nil {
			list, err := shared.client.NetworkingV1().NetworkPolicies(s.namespace).List(t.Context(), metav1.ListOptions{})
			var wanted []networkingv1.PolicyType
			if err == nil && len(list.Items) > 0 {
				wanted = list.Items[0].Spec.PolicyTypes
			}
			if err == nil && !slices.Equal(wanted, denied) {
				if err = apply(wanted); err == nil {
					denied = wanted
				}
			}
			if err != nil && t.Context().Err() == nil {
				t.Errorf("policies are not enforced: %v", err)
				return
			}
			select {
			case <-t.Context().Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
}

// TestNetworkPolicyIsNotBelieved: where nobody enforces policies, which nothing in the API tells, the fault is unproved and the run
// does not pass.
func TestNetworkPolicyIsNotBelieved(t *testing.T) {
	for name, yaml := range map[string]string{"ingress": "- networkPolicy: {}", "egress": "- networkPolicy: {deny: egress, image: '" + agentImage + "'}"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &faultCase{fault: "networkPolicy", yaml: yaml, duration: 25 * time.Second}
			s := newStage(t, c)
			before := s.look(t)
			p := binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "run", "-f", s.file(t, c.experiment(s)))
			assert.NotZero(t, p.Exit(t), "the run passed")
			result := p.Result(t)
			assert.Equal(t, report.UndoClean, result.Undo)
			said := strings.Join(strings.Fields(p.Stdout.String()+p.Stderr.String()), " ") // lines are broken anywhere
			assert.Contains(t, said, "it seems that the cluster's network does not enforce policies")
			after := s.look(t)
			require.Empty(t, after.Left(said))
			assert.Len(t, after.Objects, len(before.Objects))
		})
	}
}
