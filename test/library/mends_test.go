package library

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// mend is what is done to a shop on the word of a report.
type mend func(t *testing.T, namespace string, e *report.Explanation)

// TestMends proves that what a report says would mend a weakness does: the experiment that failed passes on the same shop, once that
// is done to it, with the figure that the report gives.
func TestMends(t *testing.T) {
	if !*all {
		t.Skip("without -library.all")
	}
	for experiment, apply := range map[string]mend{
		"graceful-termination": sleepBeforeStop, "pod-kill": askForReadiness, "unready-endpoints": publishReadyOnly,
	} {
		t.Run(experiment, func(t *testing.T) {
			t.Parallel()
			c := trials()[slices.IndexFunc(trials(), func(c trial) bool { return c.experiment == experiment })]
			namespace := newShop(t, c.weakness, c.alone)
			before := c.runIn(t, namespace)
			require.Equal(t, report.Fail, before.Verdict)
			require.NotNil(t, before.Explanation)
			require.Equal(t, c.mend, before.Explanation.Kind)
			apply(t, namespace, before.Explanation)
			after := c.runIn(t, namespace)
			t.Logf("%s\nbefore: %s\nafter:  %s", before.Explanation.Mend, inShort(&before), inShort(&after))
			assert.NotContains(t, failed(&after), c.finds)
			assert.Less(t, failures(&after)*5, failures(&before), "most of the failures are gone")
		})
	}
}

// failures are those of all streams.
func failures(r *outcome) (n uint64) {
	for _, s := range r.Streams {
		n += s.Failures
	}
	return n
}

var sleepsFor = regexp.MustCompile(`sleeps for (\d+) s`)

// sleepBeforeStop adds a preStop hook that takes as long as the report says.
func sleepBeforeStop(t *testing.T, namespace string, e *report.Explanation) {
	t.Helper()
	found := sleepsFor.FindStringSubmatch(e.Mend)
	require.Len(t, found, 2, e.Mend)
	change(t, namespace, fmt.Sprintf(`{"lifecycle":{"preStop":{"sleep":{"seconds":%s}}}}`, found[1]))
}

// askForReadiness adds the readiness probe that the shop has where nothing is taken from it.
func askForReadiness(t *testing.T, namespace string, _ *report.Explanation) {
	t.Helper()
	change(t, namespace, `{"readinessProbe":{"httpGet":{"path":"/readyz","port":"http"},"periodSeconds":1,"timeoutSeconds":1}}`)
}

// change sets fields of the frontend's container, and waits until all pods have them.
func change(t *testing.T, namespace, fields string) {
	t.Helper()
	patch := fmt.Sprintf(`{"spec":{"template":{"spec":{"containers":[{"name":"frontend",%s]}}}}`, fields[1:])
	_, err := shared.Client.AppsV1().Deployments(namespace).Patch(t.Context(), "frontend", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	require.NoError(t, err)
	shared.Await(t, namespace)
}

// publishReadyOnly has the Service send requests to pods that are ready, and to no others.
func publishReadyOnly(t *testing.T, namespace string, _ *report.Explanation) {
	t.Helper()
	_, err := shared.Client.CoreV1().Services(namespace).Patch(t.Context(), "frontend", types.MergePatchType, []byte(`{"spec":{"publishNotReadyAddresses":false}}`), metav1.PatchOptions{})
	require.NoError(t, err)
}
