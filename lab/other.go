//go:build !linux

package lab

import (
	"context"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
)

// Lab is a cluster on this machine, which only Linux can carry.
type Lab struct {
	Name       string
	Kubeconfig string
	Nodes      []string
	Existing   bool
}

var errNotLinux = advice.New("run it on a Linux machine, a virtual one will do", "the lab needs Linux")

// Up fails: the lab needs Linux.
func Up(context.Context, Options) (*Lab, error) { return nil, errNotLinux }

// Prepare fails: the lab needs Linux.
func Prepare(context.Context, Options) error { return errNotLinux }

// Check fails: the lab needs Linux.
func Check(context.Context, Options) error { return errNotLinux }

// Open fails: the lab needs Linux.
func Open(string) (*Lab, error) { return nil, errNotLinux }

// List fails: the lab needs Linux.
func List() ([]*Lab, error) { return nil, errNotLinux }

// Down fails: the lab needs Linux.
func Down(context.Context, string, func(string, ...any)) (bool, error) { return false, errNotLinux }

// Down fails: the lab needs Linux.
func (l *Lab) Down(context.Context) error { return errNotLinux }

// Status fails: the lab needs Linux.
func (l *Lab) Status(context.Context) (Status, error) { return Status{}, errNotLinux }

// Log fails: the lab needs Linux.
func (l *Lab) Log(string) (string, error) { return "", errNotLinux }

// LoadImage fails: the lab needs Linux.
func (l *Lab) LoadImage(context.Context, string, string) error { return errNotLinux }

// LoadArchive fails: the lab needs Linux.
func (l *Lab) LoadArchive(context.Context, string) error { return errNotLinux }

// StopNode fails: the lab needs Linux.
func (l *Lab) StopNode(context.Context, string) error { return errNotLinux }

// StartNode fails: the lab needs Linux.
func (l *Lab) StartNode(context.Context, string) error { return errNotLinux }

// CutNode fails: the lab needs Linux.
func (l *Lab) CutNode(context.Context, string) error { return errNotLinux }

// HealNode fails: the lab needs Linux.
func (l *Lab) HealNode(context.Context, string) error { return errNotLinux }

// StopComponent fails: the lab needs Linux.
func (l *Lab) StopComponent(context.Context, string) error { return errNotLinux }

// StartComponent fails: the lab needs Linux.
func (l *Lab) StartComponent(context.Context, string) error { return errNotLinux }

// PauseComponent fails: the lab needs Linux.
func (l *Lab) PauseComponent(context.Context, string) error { return errNotLinux }

// ResumeComponent fails: the lab needs Linux.
func (l *Lab) ResumeComponent(context.Context, string) error { return errNotLinux }
