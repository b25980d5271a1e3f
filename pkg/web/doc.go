// Package web is the page of `chaosctl serve`: game days and when they run next, runs under way, those that are over, how their
// figures go, and, where that is allowed, the stop of all runs. Pages are made on the server, and are whole without a script; one
// small script keeps the page of a run under way up to date, by server-sent events.
//
// A run under way is a fold over its log of events, as the terminal's view of it is; all else is read from the directories of runs.
package web
