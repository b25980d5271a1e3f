// Package trend says whether the figures of an experiment have changed over its runs, where, and in which direction. A change is
// told from chance by a test, never by a threshold; of too few runs nothing is said. It reads runs as package history gives them,
// and answers the same for the same runs.
package trend
