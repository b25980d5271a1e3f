//go:build linux

package lab

import (
	"github.com/chaosctl/chaosctl/lab/internal/advice"
	"github.com/chaosctl/chaosctl/lab/internal/process"
)

// The control plane's programs, each a component and a control group of its own.
const (
	etcd       = "etcd"
	apiServer  = "kube-apiserver"
	controller = "kube-controller-manager"
	scheduler  = "kube-scheduler"

	// switchGroup holds the process that holds the network that they run in.
	switchGroup = "switch"
)

var controlPlane = []string{etcd, apiServer, controller, scheduler}

// launchControlPlane starts one of them inside the lab's switch.
func (l *Lab) launchControlPlane(name string) error {
	args, err := l.controlPlaneArgs(name)
	if err != nil {
		return err
	}
	wiring, err := l.network()
	if err != nil {
		return err
	}
	_, err = l.launch(name, process.Program{
		Path:   l.program("kubernetes", name),
		Args:   args,
		Inside: &process.Namespaces{Anchor: wiring.Switch},
	})
	return err
}

func (l *Lab) controlPlaneArgs(name string) ([]string, error) {
	switch name {
	case etcd:
		return l.etcdArgs(), nil
	case apiServer:
		return l.apiServerArgs(), nil
	case controller:
		return l.controllerArgs(), nil
	case scheduler:
		return l.clientArgs(scheduler), nil
	}
	return nil, advice.New("choose etcd, kube-apiserver, kube-controller-manager or kube-scheduler", "there is no control-plane component %q", name)
}

func (l *Lab) etcdArgs() []string {
	return []string{
		"--data-dir=" + l.path("etcd"),
		"--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379",
		"--listen-peer-urls=http://127.0.0.1:2380",
		"--unsafe-no-fsync", // a lab does not outlive a loss of power
		"--log-level=warn",
	}
}

func (l *Lab) apiServerArgs() []string {
	pki := func(name string) string { return l.path("pki", name) }
	args := []string{
		"--etcd-servers=http://127.0.0.1:2379",
		"--service-cluster-ip-range=" + l.plan.Services().String(),
		"--bind-address=" + l.plan.ControlPlane().String(), "--advertise-address=" + l.plan.ControlPlane().String(),
		"--secure-port=6443",
		"--tls-cert-file=" + pki("kube-apiserver.crt"), "--tls-private-key-file=" + pki("kube-apiserver.key"),
		"--client-ca-file=" + pki("ca.crt"),
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + pki("service-accounts.pub"),
		"--service-account-signing-key-file=" + pki("service-accounts.key"),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--kubelet-client-certificate=" + pki("kubelet-client.crt"), "--kubelet-client-key=" + pki("kubelet-client.key"),
		"--kubelet-certificate-authority=" + pki("ca.crt"),
		"--kubelet-preferred-address-types=InternalIP", // node names resolve nowhere
		// The control plane runs no kube-proxy: extensions are reached at their pods.
		"--enable-aggregator-routing=true",
		"--requestheader-client-ca-file=" + pki("front-proxy-ca.crt"), "--requestheader-allowed-names=front-proxy",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--requestheader-group-headers=X-Remote-Group", "--requestheader-username-headers=X-Remote-User",
		"--proxy-client-cert-file=" + pki("front-proxy.crt"), "--proxy-client-key-file=" + pki("front-proxy.key"),
	}
	if l.profile() == Realistic {
		return args
	}
	return append(args, "--default-not-ready-toleration-seconds=5", "--default-unreachable-toleration-seconds=5")
}

func (l *Lab) controllerArgs() []string {
	pki := func(name string) string { return l.path("pki", name) }
	args := append(l.clientArgs(controller),
		"--service-account-private-key-file="+pki("service-accounts.key"), "--root-ca-file="+pki("ca.crt"),
		"--cluster-signing-cert-file="+pki("ca.crt"), "--cluster-signing-key-file="+pki("ca.key"),
		"--use-service-account-credentials",
		"--flex-volume-plugin-dir="+l.path("volume-plugins"), // it makes the folder, by default in /usr
	)
	if l.profile() == Realistic {
		return args
	}
	return append(args,
		"--kube-api-qps=200", "--kube-api-burst=400", // at the default of 20 it takes 5 s to start
		"--node-monitor-period=2s", "--node-monitor-grace-period=12s",
		"--horizontal-pod-autoscaler-sync-period=5s", "--horizontal-pod-autoscaler-downscale-stabilization=30s",
		"--horizontal-pod-autoscaler-initial-readiness-delay=5s", "--horizontal-pod-autoscaler-cpu-initialization-period=10s",
	)
}

// clientArgs are what the API server's two clients in the control plane have in common.
func (l *Lab) clientArgs(name string) []string {
	kubeconfig := l.path("pki", name+".kubeconfig")
	return []string{
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--leader-elect=false", "--bind-address=127.0.0.1",
	}
}
