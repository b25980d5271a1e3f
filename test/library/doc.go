// Package library has one test: each experiment of the built-in library passes on the healthy shop, and fails on the shop
// that has the weakness which it is there to find, by the expectation that is to find it.
package library
