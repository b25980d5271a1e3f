// Command ingress is Skipper as it is, as a static binary for the lab, which pulls no images.
package main

import (
	"log"

	"github.com/zalando/skipper"
	"github.com/zalando/skipper/config"
)

func main() {
	c := config.NewConfig()
	if err := c.Parse(); err != nil {
		log.Fatal(err)
	}
	if err := skipper.Run(c.ToOptions()); err != nil {
		log.Fatal(err)
	}
}
