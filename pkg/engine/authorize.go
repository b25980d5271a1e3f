package engine

import (
	"context"
	"errors"
	"fmt"
	"os"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// authorize reads by what servers let the loads in, once and before anything changes. No error repeats a secret.
func (p *Plan) authorize(ctx context.Context) error {
	for _, l := range p.Experiment.Spec.Load {
		to, namespace := l.Destination(), p.Experiment.Spec.Target.Namespace
		a, err := authorization(ctx, p.connection, namespace, to.Auth)
		if err != nil {
			return &target.Refusal{Reason: fmt.Sprintf("load %s: %v", l.Name, err)}
		}
		c, err := certificate(ctx, p.connection, namespace, to.TLS)
		if err != nil {
			return &target.Refusal{Reason: fmt.Sprintf("load %s: %v", l.Name, err)}
		}
		p.authorizations, p.certificates = append(p.authorizations, a), append(p.certificates, c)
	}
	return nil
}

func authorization(ctx context.Context, c *cluster.Cluster, namespace string, auth *experiment.Auth) (load.Authorization, error) {
	if auth == nil {
		return load.Authorization{}, nil
	}
	secret, where, err := secretOf(ctx, c, namespace, auth.Source())
	if err != nil {
		return load.Authorization{}, err
	}
	var a load.Authorization
	if auth.BearerFrom != nil {
		a, err = load.Bearer(secret)
	} else {
		a, err = load.Basic(auth.Basic.Username, secret)
	}
	if err != nil {
		return a, fmt.Errorf("%s: %w", where, err)
	}
	return a, nil
}

// certificate is what servers are shown.
func certificate(ctx context.Context, c *cluster.Cluster, namespace string, by *experiment.ClientTLS) (load.Certificate, error) {
	if by == nil || by.ClientCert == nil {
		return load.Certificate{}, nil
	}
	cert, where, err := secretOf(ctx, c, namespace, by.ClientCert.CertFrom)
	if err != nil {
		return load.Certificate{}, err
	}
	key, whereKey, err := secretOf(ctx, c, namespace, by.ClientCert.KeyFrom)
	if err != nil {
		return load.Certificate{}, err
	}
	pair, err := load.CertificateOf(cert, key)
	if err != nil {
		return pair, fmt.Errorf("%s, and %s: %w", where, whereKey, err)
	}
	return pair, nil
}

// secretOf reads a secret, and says where it was.
func secretOf(ctx context.Context, c *cluster.Cluster, namespace string, from experiment.SecretSource) (secret, where string, err error) {
	switch {
	case from.Env != "":
		value, there := os.LookupEnv(from.Env)
		if !there {
			return "", "", fmt.Errorf("the environment of chaosctl has no variable %s", from.Env)
		}
		return value, "the variable " + from.Env, nil
	case from.Secret != nil:
		where = fmt.Sprintf("Secret %s/%s", namespace, from.Secret.Name)
		object, err := c.Client.CoreV1().Secrets(namespace).Get(ctx, from.Secret.Name, metav1.GetOptions{})
		if err != nil {
			return "", "", fmt.Errorf("cannot read %s: %w", where, err)
		}
		value, there := object.Data[from.Secret.Key]
		if !there {
			return "", "", fmt.Errorf("%s has no key %s", where, from.Secret.Key)
		}
		return string(value), fmt.Sprintf("%s, key %s", where, from.Secret.Key), nil
	}
	return "", "", errors.New("it is not said where the secret is")
}
