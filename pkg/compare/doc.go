// Package compare says whether runs of one experiment got worse: it reads the results of runs before a change (base) and
// after it (head), compares their figures by tests that are stated with each, and judges that by gates.
//
// A difference that the data cannot tell from chance is unknown, never a pass: see [Compare]. All functions are pure but
// [Read], which reads files, and may be called concurrently.
package compare
