// Package stub writes the Go code of a service: the client's methods, the server's handlers, and
// the functions that read and write the types which get code of their own (plan.go). The
// template has what all files share; the bodies of functions are written here.
package stub
