package inject

import (
	"context"
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "badImage",
	Summary: "Rolls out an image that cannot be pulled; the prior image comes back.",
	Example: `
- name: bad-release
  badImage: {container: web}
`,
	New: func() Fault { return &BadImage{Image: missingImage} },
})

// missingImage is in a domain that no registry can have, see RFC 2606.
const missingImage = "registry.invalid/chaosctl/no-such-image:v0"

// BadImage gives one container of the target's pod template another image, which starts a rollout.
type BadImage struct {
	// Container is its name; the first container of the template unless told otherwise.
	Container string `json:"container,omitempty"`
	// Image is the new image. One that no registry has unless told otherwise.
	Image string `json:"image"`
}

// Check refuses an empty name.
func (f *BadImage) Check(c *experiment.Check) {
	if f.Image == "" {
		c.Fail("image", "the image has no name: leave image out for one that does not exist")
	}
}

// Plan changes the image in the template.
func (f *BadImage) Plan(ctx context.Context, s Scope) ([]Change, error) {
	w := s.Workload
	c, err := spoilt(w, f.Container)
	if err != nil {
		return nil, err
	}
	if c.Image == f.Image {
		return nil, &target.Refusal{Reason: fmt.Sprintf("container %s of %s has the image %s already", c.Name, w, c.Image)}
	}
	return rollOut(ctx, s, "image-", fmt.Sprintf("roll out container %s with the image %s", c.Name, f.Image), Field{
		Path: inContainer(c, "image"), Original: mustJSON(c.Image), Value: mustJSON(f.Image),
	})
}

// Needs are those of an edit of the target.
func (f *BadImage) Needs(s access.Scope) []access.Need {
	return targetEdits(s, "roll out another image, and put the prior one back")
}
