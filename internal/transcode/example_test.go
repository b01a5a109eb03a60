package transcode_test

import (
	"fmt"

	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/signature"
)

func Example() {
	add, err := signature.NewTypes().Parse("add(a int8, b int8) int8")
	if err != nil {
		fmt.Println(err)
		return
	}
	inOrder, err := transcode.Arguments([]byte(`[2, 3]`), add)
	fmt.Printf("% x, %v\n", inOrder, err)
	byName, err := transcode.Arguments([]byte(`{"b": 3, "a": 2}`), add)
	fmt.Printf("% x, %v\n", byName, err)
	_, err = transcode.Arguments([]byte(`[2, 300]`), add)
	fmt.Println(err)
	sum, err := transcode.JSON(msgpack.AppendInt(nil, 5), add.Result)
	fmt.Printf("%s, %v\n", sum, err)
	// Output:
	// 92 02 03, <nil>
	// 92 02 03, <nil>
	// argument 2 (b): 300 is out of range of int8
	// 5, <nil>
}
