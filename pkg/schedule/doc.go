// Package schedule says when a game day runs: a cron expression in a time zone, and a loop on a clock that tests can
// replace. The parser is robfig/cron's; the loop is our own, since that library's runner drops a job whose hour is
// skipped when clocks go forward.
package schedule
