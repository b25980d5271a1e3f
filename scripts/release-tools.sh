#!/bin/sh
# What the test of a release needs, built once from the Go proxy: krew, by which kubectl's plugins are installed.
# usage: release-tools.sh CACHE KREW_VERSION
set -eu
cache=$1 version=$2
tool=$cache/krew-$version
if [ ! -x "$tool" ]; then
	echo "==> building krew $version, once"
	mkdir -p "$cache/new"
	GOBIN=$cache/new CGO_ENABLED=0 go install "sigs.k8s.io/krew/cmd/krew@$version"
	mv "$cache/new/krew" "$tool"
fi
