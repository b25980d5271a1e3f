package kubeapi

import (
	"encoding/json"

	"github.com/chaosctl/chaosctl/lab/internal/pki"
)

// Kubeconfig returns a kubeconfig that holds all it needs, so that it can be copied elsewhere.
func Kubeconfig(cluster, server string, authority []byte, user pki.Pair) ([]byte, error) {
	type named map[string]any
	config := named{
		"apiVersion": "v1", "kind": "Config", "current-context": cluster,
		"clusters": []named{{"name": cluster, "cluster": named{"server": server, "certificate-authority-data": authority}}},
		"users":    []named{{"name": cluster, "user": named{"client-certificate-data": user.Cert, "client-key-data": user.Key}}},
		"contexts": []named{{"name": cluster, "context": named{"cluster": cluster, "user": cluster}}},
	}
	data, err := json.MarshalIndent(config, "", "  ") // JSON is YAML, and byte slices become base64
	return append(data, '\n'), err
}
