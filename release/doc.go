// Package release makes what a release of chaosctl contains: archives with the binary for each platform, the image, an SBOM for each
// binary, what krew and Homebrew install it by, and checksums of all of them.
//
// Of the same commit, with the same Go, it is the same to the byte, wherever and whenever it is made. Nothing is published.
package release
