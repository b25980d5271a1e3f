// Package history keeps an index of the runs below one directory, so that many of them can be listed and compared without
// reading each. The directories of the runs are the truth: the index is a fold over their results, [Index.Sync] brings it in
// step with what is there, and [Rebuild] makes it anew. So an index that is broken, locked, missing or of another version costs
// no run, and a caller may always read the directories instead, by [OpenMemory].
//
// It is an SQLite database in one file, history.db, beside the runs. Its journal is SQLite's own for rollback, not a
// write-ahead log: a run is one row every few minutes, and a write-ahead log would leave two more files, shared memory that
// network file systems lack, and readers that must be able to write. Several processes may use it at once; one waits for another
// for a few seconds at the most.
package history
