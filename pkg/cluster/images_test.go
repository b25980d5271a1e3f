package cluster

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
)

const sum = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestNamesOfImages(t *testing.T) {
	for name, want := range map[string]string{
		"web":                                    "docker.io/library/web:latest",
		"web:1.2":                                "docker.io/library/web:1.2",
		"shop/web":                               "docker.io/shop/web:latest",
		"docker.io/shop/web:1":                   "docker.io/shop/web:1",
		"localhost/web":                          "localhost/web:latest",
		"localhost:5000/web":                     "localhost:5000/web:latest",
		"[fd00::1]:5000/web:1":                   "[fd00::1]:5000/web:1",
		"registry.example:5000/a/b_c/d-e.f:v1+2": "",
		"registry.example:5000/a/b__c/d-e.f:v1-2": "registry.example:5000/a/b__c/d-e.f:v1-2",
		"registry.example/web" + sum:              "registry.example/web" + sum,
		"registry.example/web:1" + sum:            "registry.example/web" + sum,
		"":                                        "",
		"Web":                                     "",
		"web:":                                    "",
		"web 1":                                   "",
		"https://registry.example/web":            "",
		"registry.example/":                       "",
		"web@sha256:short":                        "",
		"web:" + strings.Repeat("x", 129):         "",
	} {
		assert.Equal(t, want != "", IsImage(name), name)
		if want != "" {
			assert.Equal(t, want, fullImage(name), name)
		}
	}
}

func TestLacksImage(t *testing.T) {
	with := func(names ...string) *corev1.Node {
		node := &corev1.Node{}
		for _, n := range names {
			node.Status.Images = append(node.Status.Images, corev1.ContainerImage{Names: []string{"registry.example/other" + sum, n}})
		}
		return node
	}
	assert.False(t, LacksImage(with("docker.io/shop/web:1"), "shop/web:1"))
	assert.True(t, LacksImage(with("docker.io/shop/web:1"), "shop/web:2"))
	assert.False(t, LacksImage(with("docker.io/shop/web:1"), "registry.example/other:1"+sum))
	assert.False(t, LacksImage(with(), "shop/web:1"), "it does not tell")
	var many []string
	for n := range allImages {
		many = append(many, fmt.Sprintf("registry.example/large:%d", n))
	}
	assert.True(t, LacksImage(with(many[1:]...), "shop/web:1"))
	assert.False(t, LacksImage(with(many...), "shop/web:1"), "it tells of the largest alone")
}
