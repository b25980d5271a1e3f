module github.com/chaosctl/chaosctl/lab/components/pause

go 1.26.0
