package cluster

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
)

// imageName is that of one as kubelets take it: [registry/]path[:tag][@digest]. It is made when it is first asked for, for
// it is large, and most commands never do.
var imageName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^((?P<registry>([A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:]+\])(:[0-9]+)?)/)?` +
		`(?P<path>[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*)` +
		`(?P<tag>:[A-Za-z0-9_][-A-Za-z0-9_.]{0,127})?(?P<digest>@[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,})?$`)
})

// IsImage says that a text can be the name of an image.
func IsImage(name string) bool { return imageName().MatchString(name) }

// allImages is how many images kubelets tell of, the largest, unless somebody has said otherwise: a list of so many may not be whole.
const allImages = 50

// LacksImage says that a node tells which images it has, and that this is none of them. It may still be able to pull it.
func LacksImage(node *corev1.Node, name string) bool {
	told := node.Status.Images
	if len(told) == 0 || len(told) >= allImages {
		return false
	}
	return !slices.ContainsFunc(told, func(i corev1.ContainerImage) bool { return slices.Contains(i.Names, fullImage(name)) })
}

// fullImage is the name by which a node tells of an image: with registry, and with a digest or a tag.
func fullImage(name string) string {
	found := imageName().FindStringSubmatch(name)
	if found == nil {
		return name
	}
	part := func(name string) string { return found[imageName().SubexpIndex(name)] }
	registry, path, version := part("registry"), part("path"), part("tag")
	switch {
	case registry == "":
		registry, path = "docker.io", inLibrary(path)
	case !strings.ContainsAny(registry, ".:") && registry != "localhost":
		registry, path = "docker.io", registry+"/"+path // it was no host, but a part of the path
	}
	switch {
	case part("digest") != "":
		version = part("digest")
	case version == "":
		version = ":latest"
	}
	return registry + "/" + path + version
}

// inLibrary is where images of one word are kept.
func inLibrary(path string) string {
	if strings.Contains(path, "/") {
		return path
	}
	return "library/" + path
}
