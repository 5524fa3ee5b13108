//go:build tools

// Package tools pins the conformance suite of Kubernetes, and the program that its pods run.
package tools

import (
	_ "k8s.io/kubernetes/test/e2e"
	_ "k8s.io/kubernetes/test/images/agnhost"
)
