// Command frontend is the frontend of the example shop; see examples/shop/README.md.
package main

import (
	"os"

	"github.com/chaosctl/chaosctl/examples/shop/internal/frontend"
	"github.com/chaosctl/chaosctl/examples/shop/internal/process"
)

func main() { os.Exit(process.Main(process.FromOS(), frontend.Run)) }
