// Command render writes the objects of a Helm chart, without its CRDs, to standard output.
// usage: render CHART VALUES NAME, where the release is NAME in the namespace NAME
package main

import (
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

func main() {
	files, err := render(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		isYAML := filepath.Ext(path) == ".yaml"
		if text := strings.TrimSpace(files[path]); isYAML && text != "" {
			fmt.Printf("---\n%s\n", text)
		}
	}
}

func render(chart, values, name string) (map[string]string, error) {
	loaded, err := loader.Load(chart)
	if err != nil {
		return nil, err
	}
	given, err := chartutil.ReadValuesFile(values)
	if err != nil {
		return nil, err
	}
	release := chartutil.ReleaseOptions{Name: name, Namespace: name, IsInstall: true, Revision: 1}
	all, err := chartutil.ToRenderValues(loaded, given, release, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	return engine.Render(loaded, all)
}
