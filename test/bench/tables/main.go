// Command tables prints what benchmarks have kept as tables in Markdown: go run ./bench/tables ../bench
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/chaosctl/chaosctl/test/bench/record"
)

func main() {
	if err := tables(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func tables(dirs []string) error {
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
		if err != nil {
			return err
		}
		for _, file := range files {
			b, err := record.Read(file)
			if err != nil {
				return err
			}
			if len(b.Values) > 0 {
				fmt.Println(b.Markdown())
			}
			if b.Busy() {
				fmt.Print("Made beside other load: the ratios tell something, the times do not.\n\n")
			}
		}
	}
	return nil
}
