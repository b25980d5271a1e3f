package binary

import (
	"cmp"
	"os"
)

// LabName is the name of the lab of a package of tests. The environment may give another, so that two runs of the same
// tests can be side by side on one machine.
func LabName(usual string) string { return cmp.Or(os.Getenv("CHAOSCTL_TEST_LAB"), usual) }
