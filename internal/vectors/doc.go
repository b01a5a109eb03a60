// Package vectors reads the files of testdata/vectors for tests. What the files hold says
// testdata/vectors/README.md; what other languages need to read them is here: hex with
// repetitions, and numbers that JavaScript would cut.
package vectors
