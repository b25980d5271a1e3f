// Command deploy puts the shop into the cluster of the environment's KUBECONFIG and waits until it serves.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/chaosctl/chaosctl/examples/shop/deploy"
)

func main() {
	namespace := flag.String("namespace", deploy.Namespace, "the namespace to deploy to")
	timeout := flag.Duration("timeout", 2*time.Minute, "how long to wait for the shop to serve")
	answering := flag.Bool("answering", false, "wait until every pod and node answers too; for clusters whose pods can be reached from here")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: shop-deploy [flags] KUSTOMIZATION-DIRECTORY")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *namespace, *timeout, *answering); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(dir, namespace string, timeout time.Duration, answering bool) error {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), nil).ClientConfig()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	start := time.Now()
	if err := deploy.Apply(ctx, config, dir, namespace); err != nil {
		return err
	}
	if err := deploy.Await(ctx, config, namespace); err != nil {
		return err
	}
	if answering {
		if err := deploy.AwaitPages(ctx, config, namespace); err != nil {
			return err
		}
	}
	fmt.Fprintf(os.Stderr, "the shop in namespace %s serves after %.1f s\n", namespace, time.Since(start).Seconds())
	return nil
}
