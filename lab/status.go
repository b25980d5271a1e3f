package lab

import "time"

// State is what a component is doing.
type State string

// The states of a component.
const (
	Alive   State = "running"
	Paused  State = "paused"  // by PauseComponent
	Stopped State = "stopped" // by StopComponent or StopNode
	Dead    State = "dead"    // by itself
)

// Component is a program of the lab.
type Component struct {
	// Name is its own, after the node's and a slash if it runs on one: "etcd", "node1/kubelet".
	Name  string `json:"name"`
	State State  `json:"state"`
	// Pid is its process id, 0 if there is none.
	Pid int `json:"pid,omitempty"`
	// Log is the path of what it says.
	Log string `json:"log"`
	// LastWords are the end of that, if it is dead.
	LastWords string `json:"lastWords,omitempty"`
}

// NodeStatus is a node as the lab and its API server see it.
type NodeStatus struct {
	Name    string `json:"name"`
	Zone    string `json:"zone"`
	Address string `json:"address"`
	Ready   bool   `json:"ready"`
	Stopped bool   `json:"stopped"`
	Cut     bool   `json:"cut"`
}

// Status is a lab at one moment.
type Status struct {
	Name       string    `json:"name"`
	Phase      string    `json:"phase"`
	Profile    Profile   `json:"profile"`
	Addons     []string  `json:"addons,omitempty"`
	Created    time.Time `json:"created"`
	Kubeconfig string    `json:"kubeconfig"`
	Server     string    `json:"server"`
	// Healthy says that the lab is whole: the API server and all that should run do.
	Healthy bool `json:"healthy"`
	// Problem is why the API server does not answer, if it does not.
	Problem    string       `json:"problem,omitempty"`
	Components []Component  `json:"components"`
	Nodes      []NodeStatus `json:"nodes"`
}
