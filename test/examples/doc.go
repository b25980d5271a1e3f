// Package examples runs the applications of examples/ on real clusters, with the experiments that are beside them. The shop is
// not among them: nearly all other tests are about it.
package examples
