// Package benchpb is package benchsvc in protocol buffers, for the peers that speak
// them. All but this file is generated:
//
//	go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
//	go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
//	go install connectrpc.com/connect/cmd/protoc-gen-connect-go@v1.21.1
//	go install storj.io/drpc/cmd/protoc-gen-go-drpc@v1.0.0
//	protoc --go_out=. --go-grpc_out=. --go-drpc_out=. --connect-go_out=. \
//	    --go_opt=paths=source_relative --go-grpc_opt=paths=source_relative \
//	    --go-drpc_opt=paths=source_relative --connect-go_opt=paths=source_relative \
//	    order.proto bench.proto
//	protoc --go_out=. --go-grpc_out=. \
//	    --go_opt=paths=source_relative --go-grpc_opt=paths=source_relative items.proto
package benchpb
