package cronjob_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/cronjob"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

func day(edit func(*experiment.GameDay)) *experiment.GameDay {
	d := &experiment.GameDay{Metadata: experiment.Metadata{Name: "shop"}, Spec: experiment.GameDaySpec{Schedule: "30 10 * * TUE", TimeZone: "Europe/Lisbon"}}
	if edit != nil {
		edit(d)
	}
	return d
}

var options = cronjob.Options{Namespace: "chaos", ServiceAccount: "runner", Image: "registry.example/chaosctl:1"}

func own(text string) cronjob.Files { return cronjob.Files{{Path: "day.yaml", Text: text}} }

func TestRender(t *testing.T) {
	objects, err := cronjob.Render(day(nil), cronjob.Files{{Path: "day.yaml", Text: "the day"}, {Path: "more/one.yaml", Text: "one"}}, options)
	require.NoError(t, err)
	require.Len(t, objects, 4)
	config, run, again := objects[0].(*corev1.ConfigMap), objects[1].(*batchv1.CronJob), objects[2].(*batchv1.CronJob)

	// What the pods find at the paths that the game day names is what the files hold.
	found := map[string]string{}
	for _, item := range run.Spec.JobTemplate.Spec.Template.Spec.Volumes[0].ConfigMap.Items {
		found[item.Path] = config.Data[item.Key]
	}
	assert.Equal(t, map[string]string{"day.yaml": "the day", "more/one.yaml": "one"}, found)
	assert.Equal(t, config.Name, run.Spec.JobTemplate.Spec.Template.Spec.Volumes[0].ConfigMap.Name)

	assert.Equal(t, "30 10 * * TUE", run.Spec.Schedule)
	assert.Equal(t, "Europe/Lisbon", *run.Spec.TimeZone)
	assert.Equal(t, batchv1.ForbidConcurrent, run.Spec.ConcurrencyPolicy)
	assert.EqualValues(t, 60, *run.Spec.StartingDeadlineSeconds)
	assert.Nil(t, run.Spec.Suspend)
	pod := run.Spec.JobTemplate.Spec.Template.Spec
	assert.Equal(t, "runner", pod.ServiceAccountName)
	assert.Equal(t, []string{"serve", "--once", "--if-open", "--file", "/etc/chaosctl/day.yaml", "--out", "/var/chaosctl"}, pod.Containers[0].Args)
	assert.Equal(t, "recover", again.Spec.JobTemplate.Spec.Template.Spec.Containers[0].Args[0])
	assert.NotEqual(t, run.Name, again.Name)
}

func TestRenderOptions(t *testing.T) {
	kept := options
	kept.Reports = "reports"
	objects, err := cronjob.Render(day(func(d *experiment.GameDay) {
		d.Spec.Suspend = true
		d.Spec.StartingDeadline = new(experiment.Duration(5 * time.Minute))
	}), own(""), kept)
	require.NoError(t, err)
	run, again := objects[1].(*batchv1.CronJob), objects[2].(*batchv1.CronJob)
	assert.True(t, *run.Spec.Suspend)
	assert.Nil(t, again.Spec.Suspend, "what is left is put back nevertheless")
	assert.EqualValues(t, 300, *run.Spec.StartingDeadlineSeconds)
	assert.Equal(t, "reports", run.Spec.JobTemplate.Spec.Template.Spec.Volumes[1].PersistentVolumeClaim.ClaimName)
	assert.Nil(t, again.Spec.JobTemplate.Spec.Template.Spec.Volumes[1].PersistentVolumeClaim, "a volume may be for one pod at a time")
}

// TestUnfit: what would come to something else on Kubernetes is refused, with the field and the mend.
func TestUnfit(t *testing.T) {
	for field, edit := range map[string]func(*experiment.GameDay){
		"spec.at":               func(d *experiment.GameDay) { d.Spec.Schedule = "" },
		"spec.schedule":         func(d *experiment.GameDay) { d.Spec.Schedule = "0 30 10 * * TUE" },
		"spec.concurrency":      func(d *experiment.GameDay) { d.Spec.Concurrency = experiment.Queue },
		"spec.jitter":           func(d *experiment.GameDay) { d.Spec.Jitter = experiment.Duration(time.Minute) },
		"spec.startingDeadline": func(d *experiment.GameDay) { d.Spec.StartingDeadline = new(experiment.Duration(9 * time.Second)) },
		"metadata.name":         func(d *experiment.GameDay) { d.Metadata.Name = strings.Repeat("n", 36) },
	} {
		_, err := cronjob.Render(day(edit), own(""), options)
		var unfit *cronjob.Unfit
		require.ErrorAs(t, err, &unfit, field)
		assert.Equal(t, field, unfit.Field)
		assert.NotEmpty(t, unfit.Mend, field)
	}
	for _, schedule := range []string{"@every 6h", "TZ=UTC 30 10 * * *", "CRON_TZ=UTC 30 10 * * *"} {
		_, err := cronjob.Render(day(func(d *experiment.GameDay) { d.Spec.Schedule = schedule }), own(""), options)
		assert.ErrorContains(t, err, "spec.schedule: ", schedule)
	}
	for _, schedule := range []string{"@daily", "*/5 * * * *"} {
		_, err := cronjob.Render(day(func(d *experiment.GameDay) { d.Spec.Schedule = schedule }), own(""), options)
		require.NoError(t, err, schedule)
	}
	for _, path := range []string{"../one.yaml", "/one.yaml"} {
		_, err := cronjob.Render(day(nil), append(own(""), cronjob.File{Path: path}), options)
		require.ErrorContains(t, err, path+": it is not below the folder of the game day")
	}
	_, err := cronjob.Render(day(nil), own(strings.Repeat("#", 1<<20)), options)
	require.ErrorContains(t, err, "more than the")
}
