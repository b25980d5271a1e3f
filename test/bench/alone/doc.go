// Package alone measures what needs no cluster: what the load costs, how right its figures are beside those of its peers,
// and how long the program takes to start. Each round lets all subjects take turns, forth and back; every value goes to
// a file below bench/. `make bench` runs it; nothing here fails for being slow.
package alone
