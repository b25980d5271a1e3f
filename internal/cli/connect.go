package cli

import (
	"context"
	"errors"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/chaosctl/chaosctl/internal/version"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// connect reads the kubeconfig and its flags. It sends no request.
func (a *app) connect() (*cluster.Cluster, error) {
	if err := a.kube.problem(); err != nil {
		return nil, err
	}
	c, err := cluster.Connect(a.kube.config(), "chaosctl/"+version.Version(), a.Transport)
	if err != nil {
		return nil, err
	}
	// The loader names the context of the file, also where a flag has chosen another.
	if named := a.kube.context(); named != "" {
		c.Context = named
	}
	return c, nil
}

// connectionProblem gives the exit code and the hint of an error that came from the cluster or from the way there.
func connectionProblem(err error) (code int, hint string, ok bool) {
	var connection *cluster.ConnectionError
	var status apierrors.APIStatus
	var broken *url.Error
	switch {
	case errors.As(err, &connection) && connection.Config:
		return report.ExitInvalid, connection.Hint, true
	case errors.As(err, &connection):
		return report.ExitRefused, connection.Hint, true
	case errors.Is(err, context.Canceled):
		return report.ExitInterrupted, "nothing was changed", true
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), `"system:anonymous"`):
		return report.ExitRefused, "no credentials were sent: name a user of the kubeconfig by --user, or another context by --context", true
	case apierrors.IsForbidden(err):
		return report.ExitRefused, "ask for this permission, or use another identity (--context, --as)", true
	case errors.As(err, &status), errors.As(err, &broken):
		return report.ExitRefused, "nothing was changed; try again", true
	}
	return 0, "", false
}
