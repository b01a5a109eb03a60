package binder

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/nearest"
)

// Answers to lookups that found nothing, or too much: they say what there is instead.

const namesShown = 20 // in a message or a detail

func noMethodOf(service, method string, methods []string) error {
	near := nearest.Names(method, slices.Values(methods))
	return unknown(helium.ErrUnknownMethod.
		WithMessage("service %q has no method %q%s; it has: %s", service, method, didYouMean(near), shorten(methods)).
		WithDetail("methods", strings.Join(firstOf(methods), ",")), near)
}

func noService(name string, services []string) error {
	near := nearest.Names(name, slices.Values(services))
	return unknown(helium.ErrUnknownService.WithMessage("no service %q is registered%s", name, hint(near, services)), near)
}

func noMethod(name string, methods iter.Seq[string]) error {
	near := nearest.Names(name, methods)
	return unknown(helium.ErrUnknownMethod.WithMessage("no registered service has a method %q%s", name, didYouMean(near)), near)
}

func nothingNamed(name string, services []string, methods iter.Seq[string]) error {
	near := nearest.Names(name, func(yield func(string) bool) {
		for _, s := range services {
			if !yield(s) {
				return
			}
		}
		for m := range methods {
			if !yield(m) {
				return
			}
		}
	})
	return unknown(helium.ErrUnknownService.WithMessage("no service and no method %q is registered%s", name, hint(near, services)), near)
}

func ambiguous(method string, services []string) error {
	return helium.ErrAmbiguousMethod.
		WithMessage("several services have a method %q: %s; name one, such as %q", method, shorten(services), services[0]+"."+method).
		WithDetail("services", strings.Join(firstOf(services), ","))
}

// unknown adds the nearest names, if there are any.
func unknown(e *helium.Error, near []string) error {
	if len(near) == 0 {
		return e
	}
	return e.WithDetail("nearest", strings.Join(near, ","))
}

// hint names the nearest, or all that there is.
func hint(near, all []string) string {
	switch {
	case len(near) > 0:
		return didYouMean(near)
	case len(all) == 0:
		return "; the registry is empty, so start a server"
	}
	return "; registered are: " + shorten(all)
}

func didYouMean(near []string) string {
	if len(near) == 0 {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", strings.Join(near, " or "))
}

func firstOf(names []string) []string { return names[:min(len(names), namesShown)] }

func shorten(names []string) string {
	switch {
	case len(names) == 0:
		return "none"
	case len(names) <= namesShown:
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(firstOf(names), ", "), len(names)-namesShown)
}
