// Package cronjob makes of a game day what Kubernetes needs to run it by itself: CronJobs, and what belongs to them. It reads and
// changes no cluster.
package cronjob
