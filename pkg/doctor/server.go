package doctor

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/util/version"

	"github.com/chaosctl/chaosctl/pkg/cluster"
)

// server asks for the version, as the first of all requests, and says whether there was an answer.
func (d *Doctor) server(ctx context.Context) ([]Finding, bool) {
	found, err := d.Cluster.Contact(ctx)
	if err != nil {
		return []Finding{Unreachable("server", err)}, false
	}
	f := Finding{Check: "server", Level: OK, Message: fmt.Sprintf("Kubernetes %s at %s", found, d.Cluster.Host)}
	if d.Cluster.Context != "" {
		f.Message += ", context " + d.Cluster.Context
	}
	server, errServer := version.ParseSemantic(found)
	libraries, errLibraries := version.ParseSemantic(d.Libraries)
	if errServer != nil || errLibraries != nil {
		return []Finding{f}, true
	}
	f.Message += fmt.Sprintf("; this chaosctl is built for 1.%d", libraries.Minor())
	if skew := int(server.Minor()) - int(libraries.Minor()); skew > 1 || skew < -1 {
		f.Level = Warning
		f.Mend = "use a chaosctl that is built for a version one away at the most, as with kubectl"
	}
	return []Finding{f}, true
}

// Unreachable is the finding of an error on the way to the cluster.
func Unreachable(check string, err error) Finding {
	f := Finding{Check: check, Level: Problem, Message: err.Error()}
	var connection *cluster.ConnectionError
	if errors.As(err, &connection) {
		f.Mend = connection.Hint
	}
	return f
}
