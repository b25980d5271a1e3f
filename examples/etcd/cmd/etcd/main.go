// Command etcd is etcd as it is, as a static binary for the lab, which pulls no images.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
