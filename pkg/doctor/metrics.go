package doctor

import (
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// metricsAPI is what HorizontalPodAutoscalers read CPU and memory from.
const metricsAPI = "metrics.k8s.io/v1beta1"

// metrics looks for the API that autoscalers need. Its absence matters to experiments on scaling alone.
func (d *Doctor) metrics(all []*experiment.Experiment) []Finding {
	const mend = "install metrics-server, or have the HorizontalPodAutoscaler scale by another metric"
	f := Finding{Check: "metrics", Level: OK, Message: metricsAPI + " is served"}
	_, err := d.Cluster.Client.Discovery().ServerResourcesForGroupVersion(metricsAPI)
	scaling := slices.ContainsFunc(all, func(e *experiment.Experiment) bool { return e.Spec.Promise == experiment.Scaling })
	switch {
	case err == nil:
	case apierrors.IsNotFound(err) && !scaling:
		f.Message = metricsAPI + " is not served; only HorizontalPodAutoscalers would need it"
	case apierrors.IsNotFound(err):
		f.Level, f.Message, f.Mend = Warning, metricsAPI+" is not served, so no HorizontalPodAutoscaler can scale by CPU or memory", mend
	default:
		f.Level, f.Message, f.Mend = Warning, metricsAPI+" does not answer: "+err.Error(), "see why metrics-server is not ready: kubectl get apiservice v1beta1.metrics.k8s.io"
	}
	return []Finding{f}
}
