// Package library tries the built-in library: each of its experiments passes on the healthy shop, and fails on the shop that
// has the weakness which it is there to find, by the expectation that is to find it. That takes a lab, and long; that all of
// them can be planned for these shops does not.
package library
