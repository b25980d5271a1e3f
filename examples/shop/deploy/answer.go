package deploy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// AwaitPages returns when every pod of the front end reaches the catalogue and every node the front end, or ctx ends.
// Nodes learn of a Service a moment after its pods are ready, and later where they are busy. It asks pods and node ports
// directly, so it is for clusters whose pods can be reached from here, as the lab's can.
func AwaitPages(ctx context.Context, config *rest.Config, namespace string) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	urls, err := pages(ctx, client, namespace)
	if err != nil {
		return err
	}
	for _, url := range urls {
		err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) { return answers(ctx, url), nil })
		if err != nil {
			return fmt.Errorf("the shop in namespace %s does not answer at %s: %w", namespace, url, err)
		}
	}
	return nil
}

// pages are the front page by each way that leads to it.
func pages(ctx context.Context, client kubernetes.Interface, namespace string) ([]string, error) {
	service, err := client.CoreV1().Services(namespace).Get(ctx, "frontend", metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=frontend"})
	if err != nil {
		return nil, err
	}
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var urls []string
	add := func(host string, port int32) {
		urls = append(urls, "http://"+net.JoinHostPort(host, strconv.Itoa(int(port)))+"/")
	}
	for i := range pods.Items {
		if p := &pods.Items[i]; p.DeletionTimestamp == nil {
			add(p.Status.PodIP, p.Spec.Containers[0].Ports[0].ContainerPort)
		}
	}
	for i := range nodes.Items {
		add(nodes.Items[i].Status.Addresses[0].Address, service.Spec.Ports[0].NodePort)
	}
	return urls, nil
}

// pageWithin is longer than the slowest of the shops takes for a page.
const pageWithin = 5 * time.Second

func answers(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, pageWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
}
