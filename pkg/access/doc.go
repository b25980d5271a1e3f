// Package access knows which requests an experiment sends to the API server, asks the server which of them it would
// refuse, and writes the least roles that allow them.
//
// There is one derivation, [Of]: what every run reads is listed there, and each fault and probe adds what it reads and
// writes itself, by being a [Requester]. It needs no cluster; where one is at hand, its plan narrows the needs that
// depend on what is there (see [Need.Maybe]).
package access
