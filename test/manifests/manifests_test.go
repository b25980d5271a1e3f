package manifests

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/chaosctl/chaosctl/internal/cli"
	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// The chart, the example of its game days and roles, and the kustomization of the same.
const (
	chart     = "../../deploy/helm/chaosctl"
	overlay   = "../../deploy/kustomize/example"
	exampleNS = "chaos"
)

// exampleValues are those by which the chart comes to what the overlay is.
var exampleValues = []string{"--set-file", `gameDays.shop\.yaml=` + overlay + "/gamedays/shop.yaml", "--set-file", "roles=" + overlay + "/roles.yaml"}

// tool runs helm or kubectl to its end.
func tool(t *testing.T, name string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	command := exec.CommandContext(t.Context(), binary.Tool(t, name), args...)
	command.Env = append(os.Environ(), "KUBECONFIG=", "HELM_CACHE_HOME="+t.TempDir(), "HELM_CONFIG_HOME="+t.TempDir(), "HELM_DATA_HOME="+t.TempDir())
	command.Stdout, command.Stderr = &out, &errs
	err = command.Run()
	return out.String(), errs.String(), err
}

// chaosctl runs a command of it in this process.
func chaosctl(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	err := cli.Run(t.Context(), args, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
	return cli.Explain(&errs, err), out.String(), errs.String()
}

// templated is what the chart comes to.
func templated(t *testing.T, args ...string) string {
	t.Helper()
	out, said, err := tool(t, "helm", append([]string{"template", "chaosctl", chart, "--namespace", exampleNS}, args...)...)
	require.NoError(t, err, said)
	return out
}

// kustomized is what the overlay comes to.
func kustomized(t *testing.T) string {
	t.Helper()
	out, said, err := tool(t, "kubectl", "kustomize", overlay)
	require.NoError(t, err, said)
	return out
}

// objectsOf are those of a manifest, by kind, namespace and name, without the labels that only the one or the other gives.
func objectsOf(t *testing.T, manifest string) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	documents := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifest), 4096)
	for {
		o := &unstructured.Unstructured{}
		if documents.Decode(&o.Object) != nil {
			return all
		}
		labels := o.GetLabels()
		for _, label := range []string{"app.kubernetes.io/managed-by", "app.kubernetes.io/version", "helm.sh/chart"} {
			delete(labels, label)
		}
		o.SetLabels(labels)
		all[fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName())] = o.Object
	}
}

// TestChartAndKustomizationAgree proves that the two come to the same objects, but for the namespace, which a chart cannot make.
func TestChartAndKustomizationAgree(t *testing.T) {
	t.Parallel()
	charted, kustomized := objectsOf(t, templated(t, exampleValues...)), objectsOf(t, kustomized(t))
	require.Contains(t, kustomized, "Namespace /"+exampleNS)
	delete(kustomized, "Namespace /"+exampleNS)
	require.Contains(t, charted, "Deployment chaos/chaosctl")
	for name, o := range kustomized {
		assert.Equal(t, o, charted[name], name)
	}
	assert.Len(t, charted, len(kustomized))
}

// TestChartIsSound proves that the chart passes helm's own checks, refuses values that would come to something that does not
// work, with the mend, and does what its values say.
func TestChartIsSound(t *testing.T) {
	t.Parallel()
	out, said, err := tool(t, "helm", append([]string{"lint", "--strict", chart}, exampleValues...)...)
	require.NoError(t, err, out+said)

	other := filepath.Join(t.TempDir(), "roles.yaml")
	code, roles, said := chaosctl(t, "rbac", "-f", overlay+"/gamedays", "--leader-elect", "chaos/chaosctl", "--serviceaccount", "other/chaosctl")
	require.Zero(t, code, said)
	require.NoError(t, os.WriteFile(other, []byte(roles), 0o644))
	alone := filepath.Join(t.TempDir(), "roles.yaml")
	code, roles, said = chaosctl(t, "rbac", "-f", overlay+"/gamedays", "--serviceaccount", "chaos/chaosctl")
	require.Zero(t, code, said)
	require.NoError(t, os.WriteFile(alone, []byte(roles), 0o644))
	for want, args := range map[string][]string{
		"there are no game days: give each file by --set-file": exampleValues[2:],
		"there are no roles: give what this prints by --set-file roles=FILE: chaosctl rbac -f gamedays/ --leader-elect chaos/chaosctl --serviceaccount chaos/chaosctl": exampleValues[:2],
		"roles are for the account other/chaosctl, and the replicas have chaos/chaosctl":                                                                               append([]string{"--set-file", "roles=" + other}, exampleValues[:2]...),
		"roles do not allow the Lease chaos/chaosctl":                                                                                                                  append([]string{"--set-file", "roles=" + alone}, exampleValues[:2]...),
		"roles hold a Deployment":                  append([]string{"--set-file", "roles=" + overlay + "/../base/deployment.yaml"}, exampleValues[:2]...),
		"gameDays and gameDaysConfigMap are both":  append([]string{"--set", "gameDaysConfigMap=days"}, exampleValues...),
		"additional properties 'replicaCount' not": append([]string{"--set", "replicaCount=3"}, exampleValues...),
		"at '/replicas'":                           append([]string{"--set", "replicas=0"}, exampleValues...),
		"'a/b.yaml' does not match pattern":        append([]string{"--set", `gameDays.a/b\.yaml=text`}, exampleValues...),
	} {
		out, said, err := tool(t, "helm", append([]string{"template", "chaosctl", chart, "--namespace", exampleNS}, args...)...)
		require.Error(t, err, "%q\n%s", want, out)
		assert.Contains(t, said, want)
	}

	text := templated(t, append([]string{
		"--set", "undoTimeoutSeconds=300,reportsClaim=reports,port=9999,replicas=3,serviceAccount.create=false,networkPolicy.enabled=false",
		"--set", "image=registry.example/chaosctl@sha256:0f,gameDaysConfigMap=days,extraArgs={--dead-man},nodeSelector.for=chaos",
	}, exampleValues[2:]...)...)
	for _, want := range []string{
		"terminationGracePeriodSeconds: 330", "--undo-timeout=300s", "claimName: reports", "--listen=:9999", "containerPort: 9999", "port: 9999", "replicas: 3",
		`image: "registry.example/chaosctl@sha256:0f"`, "configMap: {name: days}", `- "--dead-man"`, "nodeSelector:",
	} {
		assert.Contains(t, text, want)
	}
	for _, kind := range []string{"ServiceAccount", "NetworkPolicy", "ConfigMap"} {
		assert.NotContains(t, text, "\nkind: "+kind+"\n")
	}
}

// TestRolesAreTheLeast proves that the roles of the example are those that chaosctl prints for its game days.
func TestRolesAreTheLeast(t *testing.T) {
	t.Parallel()
	code, roles, said := chaosctl(t, "rbac", "-f", overlay+"/gamedays", "--leader-elect", "chaos/chaosctl", "--serviceaccount", "chaos/chaosctl")
	require.Zero(t, code, said)
	assert.Equal(t, roles, binary.Content(t, overlay+"/roles.yaml"), "the command in %s/kustomization.yaml makes it again", overlay)
}

// TestPodsHaveTimeToUndo proves that a pod that is to end has more time than its undo may take.
func TestPodsHaveTimeToUndo(t *testing.T) {
	t.Parallel()
	var d appsv1.Deployment
	require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructured(objectsOf(t, kustomized(t))["Deployment chaos/chaosctl"], &d))
	pod := d.Spec.Template.Spec
	assert.Contains(t, pod.Containers[0].Args, fmt.Sprintf("--undo-timeout=%.0fs", apply.DefaultUndoTimeout.Seconds()))
	assert.Greater(t, time.Duration(*pod.TerminationGracePeriodSeconds)*time.Second, apply.DefaultUndoTimeout)
}
