//go:build tools

// Package tools holds the imports that go.mod and go.sum are made from. Nothing compiles it.
package tools

import (
	_ "github.com/argoproj/argo-rollouts/cmd/rollouts-controller"
	_ "github.com/argoproj/argo-rollouts/controller"
)
