package experiment

// ProbeMode says when a probe is checked, and whether its checks assert something by themselves.
type ProbeMode string

// The modes.
const (
	// ProbeWatch checks during the whole run, and leaves the judgement to expectations.
	ProbeWatch ProbeMode = "watch"
	// ProbeStart checks until the first fault. Every check must hold, or the steady state is not reached.
	ProbeStart ProbeMode = "start"
	// ProbeEnd checks once, after the recovery. The check must hold, or the run fails.
	ProbeEnd ProbeMode = "end"
	// ProbeBoth is start and end.
	ProbeBoth ProbeMode = "both"
)

// Values lists the modes for the loader.
func (ProbeMode) Values() []string {
	return []string{string(ProbeWatch), string(ProbeStart), string(ProbeEnd), string(ProbeBoth)}
}

// AssertsStart says whether the probe must hold before the first fault.
func (m ProbeMode) AssertsStart() bool { return m == ProbeStart || m == ProbeBoth }

// AssertsEnd says whether the probe must hold after the recovery.
func (m ProbeMode) AssertsEnd() bool { return m == ProbeEnd || m == ProbeBoth }
