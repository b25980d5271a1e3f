#!/bin/sh
# A game day on a lab of its own: pod kill, drain, broken configuration, each under load, each with a report.
set -eu
cd "$(dirname "$0")/.."
name=demo
bin/lab prepare
KUBECONFIG=$(mktemp)
export KUBECONFIG
trap 'rm -f "$KUBECONFIG"; bin/lab down --name "$name"' EXIT
trap 'exit 130' INT TERM
bin/lab up --name "$name"
bin/lab kubeconfig --name "$name" >"$KUBECONFIG"
for service in frontend catalogue; do
	bin/lab load-image --name "$name" --tag "docker.io/chaosctl/shop-$service:dev" "bin/shop-$service"
done
bin/shop-deploy --answering examples/shop/manifests/base
bin/chaosctl serve -f examples/gamedays/shop.yaml --once
