//go:build linux

package lab

import (
	"encoding/json"
	"fmt"
)

type object = map[string]any

// encode writes a configuration as JSON, which every program that wants YAML takes.
func encode(config object) []byte {
	data, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		panic(err) // maps of strings and numbers always encode
	}
	return append(data, '\n')
}

// pauseImage is what a pod's sandbox runs.
const pauseImage = "chaosctl/pause:1"

func (w worker) containerdConfig() []byte {
	return fmt.Appendf(nil, `version = 3
root = "/var/lib/containerd"
state = "/run/containerd"

[grpc]
  address = "/run/containerd/containerd.sock"

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "docker.io/%s"

[plugins.'io.containerd.cri.v1.runtime']
  # Without CAP_SYS_RESOURCE, as in many virtual machines, runc cannot lower a score.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = [%q]
  conf_dir = %q

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins.'io.containerd.nri.v1.nri']
  disable = true
`, pauseImage, w.record.Programs["cni"], w.files("cni"))
}

func (w worker) cniConfig() []byte {
	return encode(object{
		"cniVersion": "1.0.0", "name": "lab",
		"plugins": []object{
			{
				"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
				"ipam": object{
					"type":    "host-local",
					"ranges":  [][]object{{{"subnet": w.plan.NodePods(w.index).String()}}},
					"routes":  []object{{"dst": "0.0.0.0/0"}},
					"dataDir": "/run/cni", // forgotten when the node stops, as the pods are
				},
			},
			{"type": "portmap", "backend": "nftables", "capabilities": object{"portMappings": true}},
		},
	})
}

func (w worker) kubeletConfig() []byte {
	config := object{
		"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
		"address": w.plan.Node(w.index).String(),
		"authentication": object{
			"anonymous": object{"enabled": false}, "webhook": object{"enabled": true},
			"x509": object{"clientCAFile": w.path("pki", "ca.crt")},
		},
		"authorization":            object{"mode": "Webhook"},
		"tlsCertFile":              w.path("pki", w.name+".crt"),
		"tlsPrivateKeyFile":        w.path("pki", w.name+".key"),
		"containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
		"cgroupDriver":             "cgroupfs", "cgroupRoot": w.groups().Path(), "cgroupsPerQOS": true, "failCgroupV1": false,
		// The machine is not the node's alone: nothing is kept from pods, nothing evicted for its disk.
		"enforceNodeAllocatable": []string{}, "localStorageCapacityIsolation": false,
		"evictionHard":                object{"nodefs.available": "0%", "nodefs.inodesFree": "0%", "imagefs.available": "0%", "imagefs.inodesFree": "0%", "memory.available": "0%"},
		"imageGCHighThresholdPercent": 100,
		"failSwapOn":                  false,
		"serializeImagePulls":         false,
		"clusterDomain":               "cluster.local",
		"resolvConf":                  "/dev/null", // names of the outside are not resolved
		"healthzPort":                 0,
		"volumePluginDir":             "/var/lib/kubelet/volume-plugins",
	}
	if w.hasAddon(DNS) {
		config["clusterDNS"] = []string{w.plan.DNS().String()}
	}
	if w.profile() == Fast {
		config["nodeStatusUpdateFrequency"] = "4s"
		config["nodeLeaseDurationSeconds"] = 8 // renewed every 2 s, so that a busy machine misses a few unpunished
	}
	return encode(config)
}

func (w worker) kubeProxyConfig() []byte {
	return encode(object{
		"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration",
		"clientConnection": object{"kubeconfig": w.path("pki", "kube-proxy.kubeconfig")},
		"mode":             "nftables",
		"hostnameOverride": w.name,
		"clusterCIDR":      w.plan.Pods().String(),
		"bindAddress":      w.plan.Node(w.index).String(),
		// Limits of connection tracking belong to the machine.
		"conntrack": object{"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
	})
}
