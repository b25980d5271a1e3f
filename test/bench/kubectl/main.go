// Command kubectl is Kubernetes' own, from the same release as the libraries of chaosctl: the peer of the benchmarks, on
// machines that have none as on those that have another.
package main

import (
	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
