// Command conformance is the conformance suite of the Gateway API as a program: its flags are the suite's own and those of `go test`.
package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime/debug"
	"testing"

	"sigs.k8s.io/gateway-api/conformance"
)

const module = "sigs.k8s.io/gateway-api/conformance"

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("gateway-conformance", version())
		return
	}
	tests := []testing.InternalTest{{Name: "TestConformance", F: conformance.RunConformance}}
	testing.Main(regexp.MatchString, tests, nil, nil)
}

// The version of the suite, which the build wrote into the program.
func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, each := range info.Deps {
		if each.Path == module {
			return each.Version
		}
	}
	return "unknown"
}
