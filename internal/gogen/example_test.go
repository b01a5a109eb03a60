package gogen_test

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/helium-rpc/helium/internal/gogen"
)

func ExampleGenerate() {
	file, err := gogen.Generate(context.Background(), gogen.Config{Dir: "../../mathsvc", Type: "Service"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fresh, err := file.Fresh()
	fmt.Println(filepath.Base(file.Path), file.Service, fresh, err)
	// Output:
	// service_helium.go math true <nil>
}
