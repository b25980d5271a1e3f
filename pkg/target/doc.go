// Package target chooses what a fault acts on and limits how much that may be.
package target
