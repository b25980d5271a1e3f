// Package manifests proves, without a cluster, that the chart and the kustomization of deploy/ are sound and come to the same. That
// they run is proved by the tests of the module's root.
package manifests
