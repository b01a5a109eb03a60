// Package arguments turns what people write into the arguments of a method, and a method
// into what people may write.
//
// Words of the command line become arguments by the types of the method's parameters,
// and never by what they look like: "2" is text for a string and a number for an int8.
//
//	2            the next parameter
//	b=3          the parameter b
//	xs:=[1,2]    the parameter xs, as JSON
//	:=[1,2]      the next parameter, as JSON
//
// A variadic parameter takes all words that are left, or its name several times, or
// JSON of a list. What may be null may be left out. Text that reads like b=3 stands
// behind "--", after which words are values alone.
//
// The JSON is that of package transcode, so integers of 64 bits, bytes (base64) and
// times (RFC 3339) arrive as they were written.
package arguments
