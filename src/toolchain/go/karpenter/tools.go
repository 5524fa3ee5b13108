//go:build tools

// Package tools holds the imports that go.mod and go.sum are made from. Nothing compiles it.
package tools

import _ "sigs.k8s.io/karpenter/kwok"
