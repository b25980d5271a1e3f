package faults

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"time"

	"github.com/miekg/dns"
	"github.com/vishvananda/netns"
	corev1 "k8s.io/api/core/v1"
)

// insideOf runs f in the network of a pod.
func insideOf(s *stage, pod *corev1.Pod, f func(process) error) error {
	all, err := s.processes()
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.pod != pod.Name {
			continue
		}
		there, err := netns.GetFromPath(filepath.Join(p.directory, "ns", "net"))
		if err != nil {
			continue // it has ended meanwhile
		}
		defer there.Close()
		done := make(chan error, 1)
		go func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
			err := netns.Set(there)
			if err == nil {
				err = f(p)
			}
			done <- err
		}()
		return <-done
	}
	return errors.New("no process of the pod is there")
}

// named wants a question of the pod for a name to be answered so.
func named(name string, want int) func(context.Context, *stage, *corev1.Pod) error {
	return func(ctx context.Context, s *stage, pod *corev1.Pod) error {
		return insideOf(s, pod, func(p process) error {
			config, err := dns.ClientConfigFromFile(filepath.Join(p.directory, "root", "etc", "resolv.conf"))
			if err != nil {
				return err
			}
			if len(config.Servers) == 0 {
				return errors.New("the pod has no name server")
			}
			c := dns.Client{Timeout: time.Second}
			answer, _, err := c.ExchangeContext(ctx, new(dns.Msg).SetQuestion(name, dns.TypeA), net.JoinHostPort(config.Servers[0], "53"))
			if err != nil {
				return err
			}
			if answer.Rcode != want {
				return fmt.Errorf("the answer is %s", dns.RcodeToString[answer.Rcode])
			}
			return nil
		})
	}
}
