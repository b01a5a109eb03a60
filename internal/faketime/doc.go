// Package faketime tests servers and clients together with fake time: what they do when the others
// are silent for seconds, minutes and hours, which takes milliseconds here.
package faketime
