package faults

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// live are the pods of the stage that are not on their way out, by name.
func (s *stage) live(ctx context.Context) ([]corev1.Pod, error) {
	list, err := shared.client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil }), nil
}

// fresh are those among them that were not there before the fault, and lost is how many of before are not there.
func (s *stage) fresh(ctx context.Context) (fresh []corev1.Pod, lost int, err error) {
	now, err := s.live(ctx)
	if err != nil {
		return nil, 0, err
	}
	was := func(p corev1.Pod) bool {
		return slices.ContainsFunc(s.pods, func(b corev1.Pod) bool { return b.UID == p.UID })
	}
	fresh = slices.DeleteFunc(slices.Clone(now), was)
	return fresh, len(s.pods) - (len(now) - len(fresh)), nil
}

// endpoints wants the Service to have so many that are ready.
func (s *stage) endpoints(ctx context.Context, want int) error {
	ready, err := s.ready(ctx)
	if err != nil {
		return err
	}
	if len(ready) != want {
		return fmt.Errorf("the Service has %d ready endpoints, not %d", len(ready), want)
	}
	return nil
}

// ready are the names of the pods to which the Service sends requests.
func (s *stage) ready(ctx context.Context) ([]string, error) {
	slices, err := shared.client.DiscoveryV1().EndpointSlices(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=web"})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, slice := range slices.Items {
		for _, e := range slice.Endpoints {
			if e.Conditions.Ready != nil && *e.Conditions.Ready && e.TargetRef != nil {
				names = append(names, e.TargetRef.Name)
			}
		}
	}
	return names, nil
}

// serves wants the Service to answer from here: the proxies of the nodes are behind what the API says.
func (s *stage) serves(ctx context.Context) error {
	service, err := shared.client.CoreV1().Services(s.namespace).Get(ctx, "web", metav1.GetOptions{})
	if err != nil {
		return err
	}
	answer, body, err := requestAt(ctx, service.Spec.ClusterIP+":80", "/readyz", "")
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, body)
	}
	return err
}

// get asks a pod, past the Service.
func get(ctx context.Context, pod *corev1.Pod, path string) (string, error) {
	answer, body, err := request(ctx, pod, path, "")
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, body)
	}
	return body, err
}

// request asks a pod, past the Service, and gives the answer whatever it is, with its body.
func request(ctx context.Context, pod *corev1.Pod, path, authorization string) (*http.Response, string, error) {
	return requestAt(ctx, pod.Status.PodIP+":8080", path, authorization)
}

func requestAt(ctx context.Context, address, path, authorization string) (*http.Response, string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, http.NoBody)
	if err != nil {
		return nil, "", err
	}
	request.Close = true // a connection of its own
	request.Header.Set("Authorization", authorization)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer, string(body), err
}
