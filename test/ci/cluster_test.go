package ci

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// nobody is the user of the image of chaosctl, which has nothing in it but /chaosctl.
const nobody = 65532

type (
	named struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Type        string `json:"type"`
		Value       any    `json:"value"`
		Workspace   string `json:"workspace"`
	}
	metadata struct {
		Name         string `json:"name"`
		GenerateName string `json:"generateName"`
		Namespace    string `json:"namespace"`
	}
	kind struct {
		APIVersion string   `json:"apiVersion"`
		Kind       string   `json:"kind"`
		Metadata   metadata `json:"metadata"`
	}
)

// What the example uses of Tekton's language (https://tekton.dev/docs/pipelines/); anything beside these fields is a mistake here.
type (
	tektonTask struct {
		kind
		Spec struct {
			Description string       `json:"description"`
			Params      []named      `json:"params"`
			Workspaces  []named      `json:"workspaces"`
			Steps       []tektonStep `json:"steps"`
		} `json:"spec"`
	}
	tektonStep struct {
		Name            string         `json:"name"`
		Image           string         `json:"image"`
		WorkingDir      string         `json:"workingDir"`
		Command         []string       `json:"command"`
		Args            []string       `json:"args"`
		SecurityContext map[string]any `json:"securityContext"`
	}
	tektonPipeline struct {
		kind
		Spec struct {
			Params     []named      `json:"params"`
			Workspaces []named      `json:"workspaces"`
			Tasks      []tektonCall `json:"tasks"`
			Finally    []tektonCall `json:"finally"`
		} `json:"spec"`
	}
	tektonCall struct {
		Name     string   `json:"name"`
		RunAfter []string `json:"runAfter"`
		TaskRef  struct {
			Name     string  `json:"name"`
			Resolver string  `json:"resolver"`
			Params   []named `json:"params"`
		} `json:"taskRef"`
		Params     []named `json:"params"`
		Workspaces []named `json:"workspaces"`
	}
	tektonRun struct {
		kind
		Spec struct {
			PipelineRef     metadata          `json:"pipelineRef"`
			Params          []named           `json:"params"`
			Timeouts        map[string]string `json:"timeouts"`
			TaskRunTemplate struct {
				ServiceAccountName string `json:"serviceAccountName"`
				PodTemplate        struct {
					SecurityContext map[string]int `json:"securityContext"`
				} `json:"podTemplate"`
			} `json:"taskRunTemplate"`
			Workspaces []struct {
				Name                string         `json:"name"`
				VolumeClaimTemplate map[string]any `json:"volumeClaimTemplate"`
			} `json:"workspaces"`
		} `json:"spec"`
	}
)

func names(all []named) (list []string) {
	for _, n := range all {
		list = append(list, n.Name)
	}
	return list
}

func TestTekton(t *testing.T) {
	documents := strings.Split(text(t, examples+"/tekton/pipeline.yaml"), "\n---\n")
	require.Len(t, documents, 3)
	var task tektonTask
	var whole tektonPipeline
	var run tektonRun
	for i, into := range []any{&task, &whole, &run} {
		require.NoError(t, yaml.UnmarshalStrict([]byte(documents[i]), into))
	}
	for kind, of := range map[string]kind{"Task": task.kind, "Pipeline": whole.kind, "PipelineRun": run.kind} {
		assert.Equal(t, "tekton.dev/v1 "+kind, of.APIVersion+" "+of.Kind)
	}
	assert.Equal(t, whole.Metadata.Name, run.Spec.PipelineRef.Name)
	assert.ElementsMatch(t, names(whole.Spec.Params), names(run.Spec.Params))
	require.Len(t, run.Spec.Workspaces, 1)
	assert.Equal(t, []string{run.Spec.Workspaces[0].Name}, names(whole.Spec.Workspaces))
	assert.Equal(t, map[string]int{"runAsUser": nobody, "fsGroup": nobody}, run.Spec.TaskRunTemplate.PodTemplate.SecurityContext)
	assert.Contains(t, run.Spec.Timeouts, "finally", "else the tasks may take all the time that there is")

	require.Len(t, task.Spec.Steps, 1)
	step := task.Spec.Steps[0]
	assert.Equal(t, []string{"/chaosctl"}, step.Command)
	assert.Equal(t, []string{"$(params.arguments[*])"}, step.Args)
	var calls []call
	seen := map[string]bool{}
	for _, c := range append(whole.Spec.Tasks, whole.Spec.Finally...) {
		for _, earlier := range c.RunAfter {
			assert.True(t, seen[earlier], earlier)
		}
		seen[c.Name] = true
		for _, w := range c.Workspaces {
			assert.Contains(t, names(whole.Spec.Workspaces), w.Workspace)
		}
		for _, p := range c.Params {
			for _, used := range regexp.MustCompile(`\$\(params\.(\w+)\)`).FindAllStringSubmatch(toYAML(t, p.Value), -1) {
				assert.Contains(t, names(whole.Spec.Params), used[1])
			}
		}
		if c.TaskRef.Resolver != "" {
			continue
		}
		require.Equal(t, task.Metadata.Name, c.TaskRef.Name)
		assert.ElementsMatch(t, names(task.Spec.Params), names(c.Params))
		assert.ElementsMatch(t, names(task.Spec.Workspaces), names(c.Workspaces))
		for _, p := range c.Params {
			if p.Name == "arguments" {
				calls = append(calls, call{Name: "chaosctl", Args: words(t, p.Value)})
			}
		}
	}
	judge(t, calls, passes)
	require.Len(t, whole.Spec.Finally, 1)
	assert.Equal(t, "recover", calls[len(calls)-1].Args[0], "what comes in the end")
}

func toYAML(t *testing.T, value any) string {
	t.Helper()
	text, err := yaml.Marshal(value)
	require.NoError(t, err)
	return string(text)
}

func words(t *testing.T, value any) (all []string) {
	t.Helper()
	require.NoError(t, yaml.UnmarshalStrict([]byte(toYAML(t, value)), &all))
	return all
}

// What the example uses of the language of Argo Workflows (https://argo-workflows.readthedocs.io/en/latest/fields/); anything beside
// these fields is a mistake here.
type (
	argoWorkflow struct {
		kind
		Spec struct {
			Entrypoint         string             `json:"entrypoint"`
			OnExit             string             `json:"onExit"`
			ServiceAccountName string             `json:"serviceAccountName"`
			Synchronization    map[string][]named `json:"synchronization"`
			SecurityContext    map[string]any     `json:"securityContext"`
			Arguments          struct {
				Parameters []named `json:"parameters"`
			} `json:"arguments"`
			Templates []argoTemplate `json:"templates"`
		} `json:"spec"`
	}
	argoTemplate struct {
		Name                  string        `json:"name"`
		ActiveDeadlineSeconds int           `json:"activeDeadlineSeconds"`
		Inputs                argoArtifacts `json:"inputs"`
		Outputs               argoArtifacts `json:"outputs"`
		Container             argoContainer `json:"container"`
		Volumes               []argoVolume  `json:"volumes"`
	}
	argoArtifacts struct {
		Artifacts []struct {
			Name string            `json:"name"`
			Path string            `json:"path"`
			Git  map[string]string `json:"git"`
		} `json:"artifacts"`
	}
	argoContainer struct {
		Image        string   `json:"image"`
		Command      []string `json:"command"`
		Args         []string `json:"args"`
		VolumeMounts []struct {
			Name      string `json:"name"`
			MountPath string `json:"mountPath"`
		} `json:"volumeMounts"`
	}
	argoVolume struct {
		Name     string         `json:"name"`
		EmptyDir map[string]any `json:"emptyDir"`
	}
)

func TestArgo(t *testing.T) {
	path := examples + "/argo/workflow.yaml"
	var w argoWorkflow
	strictly(t, path, &w)
	assert.Equal(t, "argoproj.io/v1alpha1 Workflow", w.APIVersion+" "+w.Kind)
	assert.EqualValues(t, nobody, w.Spec.SecurityContext["runAsUser"])
	for _, used := range regexp.MustCompile(`\{\{workflow\.parameters\.(\w+)\}\}`).FindAllStringSubmatch(text(t, path), -1) {
		assert.Contains(t, names(w.Spec.Arguments.Parameters), used[1])
	}
	templates := map[string]argoTemplate{}
	for _, template := range w.Spec.Templates {
		assert.Equal(t, []string{"/chaosctl"}, template.Container.Command)
		require.Len(t, template.Inputs.Artifacts, 1)
		for _, file := range files(template.Container.Args) {
			assert.True(t, strings.HasPrefix(file, template.Inputs.Artifacts[0].Path+"/"), file)
		}
		templates[template.Name] = template
	}
	require.Contains(t, templates, w.Spec.Entrypoint)
	require.Contains(t, templates, w.Spec.OnExit)
	run, after := templates[w.Spec.Entrypoint], templates[w.Spec.OnExit]
	judge(t, []call{{Name: "chaosctl", Args: run.Container.Args}, {Name: "chaosctl", Args: after.Container.Args}}, passes)

	// The image has no folder that its user may write to.
	require.Len(t, run.Outputs.Artifacts, 1)
	reports := run.Outputs.Artifacts[0].Path
	assert.Equal(t, []string{"--out", reports}, run.Container.Args[len(run.Container.Args)-2:])
	require.Len(t, run.Container.VolumeMounts, 1)
	assert.Equal(t, reports, run.Container.VolumeMounts[0].MountPath)
	require.Len(t, run.Volumes, 1)
	assert.Equal(t, run.Container.VolumeMounts[0].Name, run.Volumes[0].Name)
}
