package experiment

import "github.com/chaosctl/chaosctl/pkg/trust"

// ClientTLS is how requests go by TLS: how the certificate of the server is verified, and which one it is shown.
type ClientTLS struct {
	trust.Trust
	// ClientCert is the certificate that the server is shown, where it wants to see one.
	ClientCert *ClientCert `json:"clientCert,omitempty"`
}

// ClientCert is a certificate of the client. Neither it nor its key stands in the experiment, which is part of its reports; they are
// read once, before the run.
type ClientCert struct {
	// CertFrom says where the certificate is, in PEM, with those between it and the authority after it.
	CertFrom SecretSource `json:"certFrom"`
	// KeyFrom says where its private key is, in PEM.
	KeyFrom SecretSource `json:"keyFrom"`
}

// Verification is how the certificate of the server is verified; nil without TLS.
func (t *ClientTLS) Verification() *trust.Trust {
	if t == nil {
		return nil
	}
	return &t.Trust
}

func (t *ClientTLS) validate(f *findings, path string) {
	if t == nil {
		return
	}
	for _, p := range t.Problems() {
		f.refuse(child(path, p.Field), "", "%s", p.Message)
	}
	if c := t.ClientCert; c != nil {
		at := child(path, "clientCert")
		c.CertFrom.validate(f, child(at, "certFrom"))
		c.KeyFrom.validate(f, child(at, "keyFrom"))
	}
}
