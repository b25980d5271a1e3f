package cluster

import (
	"context"
	"io"

	corev1 "k8s.io/api/core/v1"
	kubescheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
)

// Attach writes what is read from in to a container's standard input, and what that says to out. It returns when the
// container ends, ctx does, or the connection breaks.
func (c *Cluster) Attach(ctx context.Context, namespace, pod, container string, in io.Reader, out io.Writer) error {
	to := c.Watch.CoreV1().RESTClient().Get().Namespace(namespace).Resource("pods").Name(pod).SubResource("attach").
		VersionedParams(&corev1.PodAttachOptions{Container: container, Stdin: true, Stdout: true}, kubescheme.ParameterCodec).URL()
	stream, err := c.stream(to)
	if err != nil {
		return err
	}
	return stream.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: in, Stdout: out})
}
