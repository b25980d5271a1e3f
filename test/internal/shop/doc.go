// Package shop puts variants of the example application onto a lab, for tests that try experiments on many of them.
package shop
