// Command catalogue is the catalogue of the example shop; see examples/shop/README.md.
package main

import (
	"os"

	"github.com/chaosctl/chaosctl/examples/shop/internal/catalogue"
	"github.com/chaosctl/chaosctl/examples/shop/internal/process"
)

func main() { os.Exit(process.Main(process.FromOS(), catalogue.Run)) }
