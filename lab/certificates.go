//go:build linux

package lab

import (
	"net/netip"
	"os"

	"github.com/chaosctl/chaosctl/lab/internal/kubeapi"
	"github.com/chaosctl/chaosctl/lab/internal/pki"
)

// issueCertificates makes every key, certificate and kubeconfig of the lab, in its folder pki.
func (l *Lab) issueCertificates() error {
	if err := os.MkdirAll(l.path("pki"), 0o700); err != nil {
		return err
	}
	authority, err := pki.NewAuthority("lab-" + l.Name)
	if err != nil {
		return err
	}
	front, err := pki.NewAuthority("lab-" + l.Name + "-front-proxy")
	if err != nil {
		return err
	}
	private, public, err := pki.NewSigningKey()
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"ca.crt": authority.Cert, "ca.key": authority.Key,
		"front-proxy-ca.crt":   front.Cert,
		"service-accounts.key": private, "service-accounts.pub": public,
	}
	for file, id := range l.identities() {
		issuer := authority
		if id.Name == "front-proxy" {
			issuer = front
		}
		pair, err := issuer.Issue(id)
		if err != nil {
			return err
		}
		files[file+".crt"], files[file+".key"] = pair.Cert, pair.Key
		kubeconfig, err := kubeapi.Kubeconfig(l.Name, l.server(), authority.Cert, pair)
		if err != nil {
			return err
		}
		files[file+".kubeconfig"] = kubeconfig
	}
	for name, content := range files {
		if err := os.WriteFile(l.path("pki", name), content, 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(l.Kubeconfig, files["admin.kubeconfig"], 0o600)
}

// identities are all who get a certificate, by the name of its file.
func (l *Lab) identities() map[string]pki.Identity {
	ids := map[string]pki.Identity{
		"admin":          {Name: "admin", Groups: []string{"system:masters"}},
		"front-proxy":    {Name: "front-proxy"},
		"kubelet-client": {Name: "kube-apiserver-kubelet-client", Groups: []string{"system:masters"}},
		"kube-proxy":     {Name: "system:kube-proxy"},
		controller:       {Name: "system:kube-controller-manager"},
		scheduler:        {Name: "system:kube-scheduler"},
		apiServer: {
			Name:  "kube-apiserver",
			Hosts: []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
			IPs:   []netip.Addr{netip.MustParseAddr("127.0.0.1"), l.plan.ControlPlane(), l.plan.API()},
		},
	}
	for i, node := range l.Nodes {
		ids[node] = pki.Identity{
			Name: "system:node:" + node, Groups: []string{"system:nodes"},
			Hosts: []string{node}, IPs: []netip.Addr{l.plan.Node(i)},
		}
	}
	return ids
}
