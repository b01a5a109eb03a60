module github.com/helium-rpc/helium

go 1.26
