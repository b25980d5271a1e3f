package truth

// weakness is a row of the table: an overlay of the shop, or none.
type weakness struct {
	overlay string
	// rate of the load and steady window, where the usual ones cannot show it.
	rate, steady string
	// hidden says that none of the faults can find it.
	hidden bool
}

const (
	usualRate   = "50/s"
	usualSteady = "3s"
)

// weaknesses are the rows, in the order in which they are begun: those that take longest first.
func weaknesses() []weakness {
	return []weakness{
		{overlay: "slow-start"},
		{overlay: "no-readiness"},
		// 1 % of 4000 requests are 40, and 20 are allowed: three times in ten thousand chance lets that pass.
		{overlay: "drop-1-percent", rate: "200/s", steady: "20s"},
		{overlay: "ignore-sigterm"},
		{overlay: "crash-on-bad-config"},
		{overlay: "config-at-start-only", hidden: true},
		{overlay: "strict-spread"},
		{overlay: "one-zone"},
		{overlay: "blocking-pdb"},
		{overlay: ""},
		{overlay: "one-replica"},
		{overlay: "cut-short"},
		{overlay: "no-budget"},
		{overlay: "hpa-capped"},
		{overlay: "sticky-service"},
		{overlay: "no-memory"},
		{overlay: "greedy-rollout"},
	}
}
