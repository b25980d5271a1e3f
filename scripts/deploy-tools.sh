#!/bin/sh
# What the tests of deploy/ need, built once from the Go proxy: helm.
# usage: deploy-tools.sh CACHE HELM_VERSION
set -eu
cache=$1 version=$2
tool=$cache/helm-$version
if [ ! -x "$tool" ]; then
	echo "==> building helm $version, once (some minutes)"
	mkdir -p "$cache/new"
	GOBIN=$cache/new CGO_ENABLED=0 go install -trimpath "helm.sh/helm/v4/cmd/helm@$version"
	mv "$cache/new/helm" "$tool"
fi
