package experiment

// GameDay is one document of kind GameDay: experiments run in order, on a schedule.
type GameDay struct {
	// APIVersion is the version of the language.
	APIVersion string `json:"apiVersion"`
	// Kind is what the document holds.
	Kind     string      `json:"kind"`
	Metadata Metadata    `json:"metadata"`
	Spec     GameDaySpec `json:"spec"`
}

// GameDaySpec says when a game day runs, and what.
type GameDaySpec struct {
	// Schedule is a cron expression of five fields, or a name such as @daily.
	Schedule string `json:"schedule" form:"schedule"`
	// TimeZone is an IANA name; UTC unless told otherwise.
	TimeZone string `json:"timeZone" default:"UTC" form:"time-zone"`
	// Experiments are run one after another, in this order.
	Experiments []GameDayExperiment `json:"experiments"`
	// OnFailure says what a run that did not pass does to those after it: stop (the default) or continue.
	OnFailure OnFailure `json:"onFailure" default:"stop"`
}

// GameDayExperiment names one experiment of a game day: a file, or one of the built-in library.
type GameDayExperiment struct {
	// File is a path relative to the game day's own file.
	File string `json:"file,omitempty" form:"given" choice:"experiment"`
	// Builtin is the name of an experiment of the library; see `chaosctl list experiments`.
	Builtin string `json:"builtin,omitempty" form:"given" choice:"experiment"`
	// Target takes the place of the experiment's own.
	Target *Target `json:"target,omitempty"`
}

// OnFailure is what a game day does after a run that did not pass.
type OnFailure string

// The two ways to go on.
const (
	Stop     OnFailure = "stop"
	Continue OnFailure = "continue"
)

// Values lists the ways to go on for the loader.
func (OnFailure) Values() []string { return []string{string(Stop), string(Continue)} }
