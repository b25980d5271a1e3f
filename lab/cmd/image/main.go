// Command image makes an archive with a container image out of static Linux binaries, one for each architecture, without a container
// engine: an OCI layout in a tar file, the same to the byte each time.
//
//	image -tag REFERENCE -entrypoint NAME -to ARCHIVE BINARY...
//
// The program is all that is in the image, in its root.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
	"github.com/chaosctl/chaosctl/lab/internal/image"
)

func main() {
	tag, entrypoint, to := flag.String("tag", "", "the name of the image"), flag.String("entrypoint", "", "that of the program in it"), flag.String("to", "", "the archive")
	flag.Parse()
	if *tag == "" || *entrypoint == "" || *to == "" || flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: image -tag REFERENCE -entrypoint NAME -to ARCHIVE BINARY...")
		os.Exit(2)
	}
	digest, err := image.Layout(*tag, *entrypoint, *to, flag.Args()...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		if hint := advice.Hint(err); hint != "" {
			fmt.Fprintln(os.Stderr, "hint:", hint)
		}
		os.Exit(1)
	}
	fmt.Printf("%s\n%s@%s\n", *to, *tag, digest)
}
