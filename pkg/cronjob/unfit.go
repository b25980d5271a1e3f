package cronjob

import (
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Unfit says what a game day asks for that a CronJob cannot do: Field is its path in the document, Mend what to do about it.
type Unfit struct{ Field, Why, Mend string }

func (u *Unfit) Error() string { return u.Field + ": " + u.Why }

// shortestDeadline: the controller looks every ten seconds, and would miss every run (Kubernetes' documentation of CronJob).
const shortestDeadline = 10 * time.Second

// longestName leaves a CronJob room for what its controller appends to it (52 characters in all).
const longestName = 52 - len("chaosctl-") - len("-recover")

func fits(day *experiment.GameDay) error {
	s := &day.Spec
	switch fields := strings.Fields(s.Schedule); {
	case s.Schedule == "":
		return &Unfit{"spec.at", "a CronJob has a schedule, and runs again", "run it by chaosctl serve, or give it a schedule"}
	case len(fields) == 6:
		return &Unfit{"spec.schedule", "a CronJob knows no seconds", "leave out the first field"}
	case strings.HasPrefix(s.Schedule, "@every"):
		return &Unfit{"spec.schedule", "a CronJob keeps to the clock, and knows no intervals", "write it with five fields, such as 0 */6 * * *"}
	case strings.HasPrefix(s.Schedule, "TZ=") || strings.HasPrefix(s.Schedule, "CRON_TZ="):
		return &Unfit{"spec.schedule", "a CronJob has its time zone beside its schedule", "move the zone to spec.timeZone"}
	case s.Concurrency == experiment.Queue:
		return &Unfit{"spec.concurrency", "a CronJob cannot let a run wait for the one before", "forbid leaves it out"}
	case s.Jitter > 0:
		return &Unfit{"spec.jitter", "a CronJob has none", "leave it out, or run the game day by chaosctl serve"}
	case s.StartingDeadline != nil && s.StartingDeadline.Std() < shortestDeadline:
		return &Unfit{"spec.startingDeadline", "the controller of CronJobs looks every " + shortestDeadline.String() + " only", "allow " + shortestDeadline.String() + " at the least"}
	case len(day.Metadata.Name) > longestName:
		return &Unfit{"metadata.name", "it is too long for a CronJob", "shorten it"}
	}
	return nil
}
