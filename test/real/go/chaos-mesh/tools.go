//go:build tools

// Package tools holds the imports that go.mod and go.sum are made from. Nothing compiles it.
package tools

import (
	_ "github.com/chaos-mesh/chaos-mesh/cmd/chaos-controller-manager"
	_ "github.com/chaos-mesh/chaos-mesh/cmd/chaos-daemon"
)
